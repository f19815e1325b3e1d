package dev.outcrop.bench.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.DoubleSupplier;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class SessionsTest {
  private static final Path GOLDEN =
      Path.of("src/test/resources/dev/outcrop/bench/scenario/tool.txt");
  private static final Shape.Even TWENTY = new Shape.Even(20, 0);
  private static final Shape.Even TEN = new Shape.Even(10, 0.5);

  private static Sessions of(Shape shape, long seed) {
    return new Sessions(shape, TextScale.PLAIN, seed, List.of());
  }

  private static String text(Sessions sessions, int n) {
    return sessions.session(n).turns().getFirst().said().getFirst().text();
  }

  @Test
  void theSameSeedDrawsTheSameAndAnotherSharesNoBeginning() {
    Sessions sessions = of(new Shape.Random(TWENTY, TEN), 1);
    Sessions again = of(new Shape.Random(TWENTY, TEN), 1);
    Sessions other = of(new Shape.Random(TWENTY, TEN), 2);
    for (int n = 0; n < 100; n++) {
      assertThat(sessions.session(n)).isEqualTo(again.session(n));
      assertThat(text(sessions, n).substring(0, 6)).isNotEqualTo(text(other, n).substring(0, 6));
    }
    assertThat(IntStream.range(0, 1_000).mapToObj(n -> text(sessions, n).substring(0, 6)))
        .doesNotHaveDuplicates();
  }

  @Test
  void lengthsLieInTheirRange() {
    Sessions sessions = of(new Shape.Random(TWENTY, TEN), 1);
    List<Integer> outputs =
        IntStream.range(0, 1_000)
            .mapToObj(n -> sessions.session(n).turns().getFirst().outputTokens())
            .toList();

    assertThat(outputs).allMatch(tokens -> tokens >= 5 && tokens <= 15).contains(5, 10, 15);
  }

  @Test
  void conversationsHaveTheMeansOfShareGpt() {
    Shape.LogNormal shape = Shape.LogNormal.conversation(100_000, 100_000);
    SplittableRandom random = new SplittableRandom(3);
    double input =
        DoubleStream.generate(() -> Sessions.logNormal(shape.input(), random))
            .limit(200_000)
            .average()
            .orElse(0);
    double output =
        DoubleStream.generate(() -> Sessions.logNormal(shape.output(), random))
            .limit(200_000)
            .average()
            .orElse(0);

    assertThat(input).isCloseTo(161, within(8.0));
    assertThat(output).isCloseTo(338, within(10.0));
  }

  @Test
  void prefixesAreSharedByTheirGroup() {
    Sessions sessions = of(new Shape.SharedPrefix(50, 3, TWENTY, TEN), 1);

    assertThat(
            IntStream.range(0, 100)
                .mapToObj(n -> text(sessions, n).substring(0, text(sessions, n).indexOf("\n")))
                .distinct())
        .hasSize(3);
    assertThat(IntStream.range(0, 100).mapToObj(n -> text(sessions, n))).doesNotHaveDuplicates();
  }

  @Test
  void documentsComeFromThePool() {
    Sessions sessions = of(new Shape.Rag(10, 4, 2, 30, TWENTY, TEN), 1);
    Session session = sessions.session(0);

    assertThat(session.system()).isEqualTo(sessions.session(1).system());
    assertThat(text(sessions, 0)).containsPattern("(?s)Document \\d:.*Document \\d:.*Question: ");
    assertThat(
            IntStream.range(0, 50)
                .mapToObj(n -> text(sessions, n).lines().skip(1).findFirst().orElse(""))
                .distinct())
        .hasSize(4);
  }

  @Test
  void toolsAndTurnsAreThere() throws Exception {
    Session tools = of(new Shape.Tools(5, TWENTY, TEN), 1).session(0);
    assertThat(tools.tools()).hasSize(5);
    assertThat(tools.tools().stream().map(Tool::name)).doesNotHaveDuplicates();
    assertThat(tools.tools()).isEqualTo(of(new Shape.Tools(5, TWENTY, TEN), 1).session(1).tools());

    // Maps whose order differs from JVM to JVM would make other prompts of the same seed.
    for (Tool tool : tools.tools()) {
      assertThat(tool.schema().keySet()).containsExactly("type", "properties", "required");
      assertThat(((Map<?, ?>) tool.schema().get("properties")).values())
          .hasSize(4)
          .allSatisfy(
              property ->
                  assertThat(((Map<?, ?>) property).keySet().toString())
                      .isEqualTo("[type, description]"));
    }

    assertThat(tools.tools().getFirst().toString()).isEqualTo(Files.readString(GOLDEN).strip());

    Shape turns = new Shape.MultiTurn(5, 2, 4, TWENTY, TEN, Duration.ofSeconds(1));
    assertThat(IntStream.range(0, 50).mapToObj(n -> of(turns, 1).session(n).turns().size()))
        .contains(2, 3, 4)
        .allMatch(count -> count >= 2 && count <= 4);
  }

  @Test
  void scaleTurnsTokensIntoWords() {
    TextScale scale = TextScale.of(10, 35, 110, 185);

    assertThat(scale).isEqualTo(new TextScale(20, 1.5));
    assertThat(scale.wordsOfPrompt(170)).isEqualTo(100);
    assertThat(scale.wordsOfPrompt(3)).isEqualTo(1);
    assertThat(scale.wordsOf(15)).isEqualTo(10);
  }

  @Test
  void gapsHaveTheirRateAndTheirBurstiness() {
    SplittableRandom random = new SplittableRandom(1);
    moments(Gaps.poisson(4, random), 0.25, 1);
    moments(Gaps.gamma(4, 0.25, random), 0.25, 2);
    moments(Gaps.gamma(4, 4, random), 0.25, 0.5);
  }

  /** Mean, and standard deviation over mean. */
  private static void moments(DoubleSupplier gaps, double mean, double variation) {
    double[] drawn = DoubleStream.generate(gaps).limit(100_000).toArray();
    double found = DoubleStream.of(drawn).average().orElse(0);
    double variance =
        DoubleStream.of(drawn).map(gap -> (gap - found) * (gap - found)).average().orElse(0);

    assertThat(found).isCloseTo(mean, within(mean * 0.03));
    assertThat(Math.sqrt(variance) / found).isCloseTo(variation, within(variation * 0.05));
  }
}
