package dev.outcrop.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RunResultTest {
  private static RunResult result(Map<String, Number> figures) {
    return new RunResult(
        "engine",
        "2026-11-21T00:00:00Z",
        "0123456789ab",
        new Machine("Linux 6", "amd64", "a processor", 2, 24.5, "25", 0.25),
        Map.of("hidden", 1024),
        3,
        Map.of("batch", "sequences", "msPerStep", "ms"),
        List.of(figures));
  }

  @Test
  void printsEveryPartAsJson() throws Exception {
    JsonNode json =
        new ObjectMapper().readTree(result(Map.of("batch", 16, "msPerStep", 12.5)).toJson());

    assertThat(json.get("benchmark").asText()).isEqualTo("engine");
    assertThat(json.get("commit").asText()).isEqualTo("0123456789ab");
    assertThat(json.get("machine").get("cores").asInt()).isEqualTo(2);
    assertThat(json.get("shape").get("hidden").asInt()).isEqualTo(1024);
    assertThat(json.get("repeats").asInt()).isEqualTo(3);
    assertThat(json.get("units").get("msPerStep").asText()).isEqualTo("ms");
    assertThat(json.get("results").get(0).get("msPerStep").asDouble()).isEqualTo(12.5);
  }

  @Test
  void refusesAFigureWithoutAUnit() {
    assertThatThrownBy(() -> result(Map.of("tokensPerSecond", 1)))
        .hasMessageContaining("tokensPerSecond has no unit");
  }

  @Test
  void refusesAFigureThatIsNotANumber() {
    assertThatThrownBy(() -> result(Map.of("msPerStep", Double.NaN)))
        .hasMessageContaining("msPerStep is not finite");
  }

  @Test
  void refusesAFigureWithoutAValue() {
    Map<String, Number> figures = new HashMap<>();
    figures.put("msPerStep", null);
    assertThatThrownBy(() -> result(figures))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("msPerStep has no value");
  }

  @Test
  void printsTheHeadlineAtTheTopLevel() throws Exception {
    JsonNode json = new ObjectMapper().readTree(withHeadline(Map.of("p50Micros", 80.5)).toJson());

    assertThat(json.get("p50Micros").asDouble()).isEqualTo(80.5);
    assertThat(json.has("headline")).isFalse();
    assertThat(json.get("results").get(0).get("way").asText()).isEqualTo("continuous");
  }

  @Test
  void refusesAHeadlineWithoutAUnit() {
    assertThatThrownBy(() -> withHeadline(Map.of("p99Micros", 1)))
        .hasMessageContaining("p99Micros has no unit");
  }

  private static RunResult withHeadline(Map<String, Number> headline) {
    return new RunResult(
        "scheduler",
        "2026-11-21T00:00:00Z",
        "0123456789ab",
        new Machine("Linux 6", "amd64", "a processor", 2, 24.5, "25", 0.25),
        Map.of(),
        1,
        Map.of("p50Micros", "us", "way", "name"),
        List.of(Map.of("way", "continuous")),
        headline);
  }

  @Test
  void describesThisMachine() {
    Machine here = Machine.here();

    assertThat(here.cores()).isPositive();
    assertThat(here.memoryGigabytes()).isPositive();
    assertThat(here.cpu()).isNotBlank();
  }
}
