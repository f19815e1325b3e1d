package dev.outcrop.serving.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.config.CostConfig;
import dev.outcrop.serving.testing.MetricsPages;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.TestServer;
import java.net.URLConnection;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The page in the format that Prometheus asks for, beside the rules of that format. */
final class OpenMetricsTest {
  private static final String ACCEPT =
      "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";
  private static final String HI =
      "{\"model\":\"demo\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],"
          + "\"metadata\":{\"feature\":\"a \\\"b\\\", \\\\ c}\"}}";
  private static final String WELL =
      """
      # TYPE a counter
      # HELP a Help.
      a_total{x="1",y="\\"2\\", }"} 1.0
      a_total{x="2",y=""} 2.0
      # TYPE t histogram
      t_bucket{le="0.5"} 1.0
      t_bucket{le="+Inf"} 3.0
      t_count 3.0
      t_sum 4.5
      t_created 1.7E9
      # TYPE g gauge
      g -1.0
      # EOF
      """;

  @Test
  void thePageKeepsTheRulesOfOpenMetrics() throws Exception {
    try (TestServer server =
        new TestServer(
            _ -> "0123456789", config -> config.withCost(CostConfig.DEFAULT.withHourlyUsd(3.6)))) {
      RawHttp.post(server.server.port(), "/v1/chat/completions", HI);
      RawHttp.post(server.server.port(), "/nothing", HI);
      server.batcher.failure = new OutcropException(ModelError.STEP_FAILED, "x");
      server.batcher.failAfter = 2;
      RawHttp.post(server.server.port(), "/v1/chat/completions", HI);
      server.metrics(3);

      URLConnection connection = server.management("/metrics").toURL().openConnection();
      connection.setRequestProperty("Accept", ACCEPT);
      assertThat(connection.getContentType()).startsWith("application/openmetrics-text");
      String page = MetricsPages.now(server.server.managementPort(), ACCEPT);
      assertThat(page.lines())
          .as("lines with a label that needs escapes")
          .anyMatch(line -> line.contains("feature=\"a \\\"b\\\", \\\\ c}\""));
      assertThat(OpenMetricsPage.read(page))
          .containsEntry("outcrop_tokens", "counter")
          .hasSize(Metric.all().size());
    }
  }

  @Test
  void theRulesLetAWholePageThrough() {
    assertThat(OpenMetricsPage.read(WELL))
        .isEqualTo(Map.of("a", "counter", "t", "histogram", "g", "gauge"));
  }

  /** What is in place of what, and the complaint about it. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "# EOF|# END|does not end with",
        "a_total{x=\"2\"|a{x=\"2\"|no sample of a counter",
        "x=\"1\",y=|x=\"1\",,y=|no line of OpenMetrics",
        "y=\"\"}|y=\"\",}|a comma too many",
        "y=\"\"}|x=\"\"}|a label comes twice",
        "x=\"2\",y=\"\"|y=\"\\\"2\\\", }\",x=\"1\"|a series comes twice",
        "t_bucket{le=\"+Inf\"} 3.0|t_bucket{le=\"0.4\"} 3.0|bounds do not ascend",
        "t_bucket{le=\"+Inf\"} 3.0|t_bucket{le=\"1.0\"} 3.0|there is no bucket +Inf",
        "t_bucket{le=\"+Inf\"} 3.0|t_bucket{le=\"+Inf\"} 0.0|buckets do not add up",
        "t_count 3.0|t_count 4.0|the count is not that of +Inf",
        "t_sum 4.5|t_created 4.5|a series comes twice",
        "g -1.0|h -1.0|a sample of another family",
        "# TYPE g gauge|# TYPE a gauge|a family begins twice",
        "2.0|-2.0|counts a number below zero",
        "2.0|two|no line of OpenMetrics",
        "# HELP a Help.|# HELP a \"Help\\.|no line of OpenMetrics",
      })
  void theRulesFindWhatIsWrong(String right, String wrong, String complaint) {
    String page = WELL.replace(right, wrong);

    assertThat(page).isNotEqualTo(WELL);
    assertThatThrownBy(() -> OpenMetricsPage.read(page))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(complaint);
  }

  @Test
  void theRulesFindSamplesOfAMetricThatAreApart() {
    List<String> lines =
        List.of(
            "# TYPE t histogram",
            "t_bucket{a=\"1\",le=\"+Inf\"} 1.0",
            "t_bucket{a=\"2\",le=\"+Inf\"} 1.0",
            "t_count{a=\"1\"} 1.0",
            "# EOF\n");

    assertThatThrownBy(() -> OpenMetricsPage.read(String.join("\n", lines)))
        .hasMessageContaining("samples of one metric are apart");
  }
}
