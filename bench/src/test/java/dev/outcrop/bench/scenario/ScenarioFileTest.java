package dev.outcrop.bench.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.models.OutcropException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;

final class ScenarioFileTest {
  static final List<String> BUNDLED = ScenarioFile.BUNDLED;

  private static final String RIGHT =
      """
      name: mine
      arrivals: {gamma: {rate: [1, 2.5], burstiness: 0.5}}
      shape: {rag: {pool: 9, documents: 2, documentTokens: 30, input: 20, output: 10, range: 0.1}}
      duration: 90s
      warmup: 5
      repeats: 2
      seed: -7
      slo: {ttft: 500, tpot: 30}
      timeout: 1m
      """;

  @ParameterizedTest
  @FieldSource("BUNDLED")
  void readsWhatIsBundled(String name) throws Exception {
    Scenario scenario = ScenarioFile.read(name);

    assertThat(scenario.name()).isEqualTo(name);
    assertThat(scenario.description()).isNotBlank();
    assertThat(scenario.evidence()).isEqualTo(!name.equals("smoke"));
  }

  @Test
  void hasTheLimitsOfMlPerf() throws Exception {
    assertThat(ScenarioFile.read("mlperf-8b-server").slo()).isEqualTo(new Slo(2_000, 100));
    assertThat(ScenarioFile.read("mlperf-8b-interactive").slo()).isEqualTo(new Slo(500, 30));
  }

  @Test
  void readsEveryKey() {
    Scenario read = ScenarioFile.parse("f.yaml", RIGHT);

    assertThat(read.arrivals()).isEqualTo(new Arrivals.Gamma(List.of(1.0, 2.5), 0.5));
    assertThat(read.shape())
        .isEqualTo(new Shape.Rag(0, 9, 2, 30, new Shape.Even(20, 0.1), new Shape.Even(10, 0.1)));
    assertThat(read.extent()).isEqualTo(new Extent.Lasting(Duration.ofSeconds(90)));
    assertThat(read.warmup()).isEqualTo(new Extent.Requests(5));
    assertThat(read.repeats()).isEqualTo(2);
    assertThat(read.seed()).isEqualTo(-7);
    assertThat(read.timeout()).isEqualTo(Duration.ofMinutes(1));
    assertThat(read.source()).containsEntry("duration", "90s");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          repeats: 2         | repeats: 0          | f.yaml: repeats must be a whole number from 1 to 100, was 0
          repeats: 2         | repeat: 2           | f.yaml: repeat is no key of a scenario
          burstiness: 0.5    | burstiness: x       | f.yaml: arrivals.gamma.burstiness must be a number from 0.01 to 1000, was x
          burstiness: 0.5    | bursts: 1           | f.yaml: arrivals.gamma.burstiness is missing, it must be a number from 0.01 to 1000
          [1, 2.5]           | [1, -1]             | f.yaml: arrivals.gamma.rate must be a number from 0.0001 to 100000, was [1,-1]
          gamma              | poison              | f.yaml: arrivals must hold one of poisson, gamma, replay, closed, saturate, was poison
          documents: 2       | documents: 10       | f.yaml: shape.rag.documents must be a whole number from 1 to 9, was 10
          documents: 2       | documents: 2.5      | f.yaml: shape.rag.documents must be a whole number from 1 to 9, was 2.5
          documents: 2       | documents: 2, x: 1  | f.yaml: shape.rag.x is no key of a scenario
          duration: 90s      | duration: 90        | f.yaml: duration must be a time such as 500ms, 30s, 10m or 1h, was 90
          duration: 90s      | name2: x            | f.yaml: duration is missing, it must be a time such as 500ms, 30s, 10m or 1h
          warmup: 5          | requests: 5         | f.yaml: duration must be left out where requests says how many, was 90s
          seed: -7           | seed: a             | f.yaml: seed must be a whole number, was a
          timeout: 1m        | timeout: 0s         | f.yaml: timeout must be above 0 and at most a day, was 0s
          ttft: 500          | ttft: 0             | f.yaml: slo.ttft must be a number from 1 to 3600000, was 0
          name: mine         | - a                 | f.yaml: line 1 is not YAML
          name: mine         | seed: 1             | f.yaml: line 7 is not YAML
          """)
  void saysInOneSentenceWhatIsWrong(String part, String by, String message) {
    String wrong = RIGHT.replace(part, by);

    assertThatThrownBy(() -> ScenarioFile.parse("f.yaml", wrong))
        .isInstanceOf(OutcropException.class)
        .hasMessage(message);
  }

  @Test
  void namesWhatIsBundledWhereThereIsNoFile() {
    assertThatThrownBy(() -> ScenarioFile.read("chatt"))
        .isInstanceOf(OutcropException.class)
        .hasMessageStartingWith("there is no scenario file chatt, nor a scenario of that name: ")
        .hasMessageContaining("smoke, chat,");
  }
}
