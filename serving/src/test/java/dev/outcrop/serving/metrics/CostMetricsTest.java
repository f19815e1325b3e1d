package dev.outcrop.serving.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.outcrop.serving.config.CostConfig;
import dev.outcrop.serving.config.ModelConfig;
import dev.outcrop.serving.config.ServingConfig;
import dev.outcrop.serving.testing.TestServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Money on the page, of a batcher that worked four seconds and was idle for six. */
final class CostMetricsTest {
  private static final String MODEL = "model=\"" + TestServer.MODEL + "\"";

  /** 3.6 USD an hour of which half is the process's: 0.0005 USD a second. */
  private static final CostConfig HALF =
      new CostConfig(
          3.6,
          0.5,
          0,
          "g6.xlarge",
          CostConfig.Purchase.RESERVED,
          null,
          false,
          "",
          Duration.ofMinutes(1),
          Duration.ofHours(1),
          List.of(
              new CostConfig.BedrockModelConfig(
                  TestServer.MODEL, "us.meta.llama3-1-70b-instruct-v1:0")));

  @Test
  void moneyIsByTenantAndTierAndNamesItsSource() throws Exception {
    long begin = System.nanoTime();
    try (TestServer server = new TestServer(request -> "x", CostMetricsTest::priced)) {
      double start = (System.nanoTime() - begin) * 1e-9;
      String page = server.metrics(0);

      assertThat(
              value(page, "outcrop_cost_usd_total", MODEL + ",tenant=\"team\",tier=\"priority\""))
          .isEqualTo(0.002, within(1e-12));
      assertThat(value(page, "outcrop_cost_usd_total", MODEL + ",tenant=\"_idle\",tier=\"none\""))
          .as("and the time until it was open")
          .isBetween(0.003, 0.003 + start * 0.0005);
      assertThat(value(page, "outcrop_usd_per_million_tokens", MODEL + ",kind=\"blended\""))
          .as("100 prompt tokens, 30 of them cached, for 0.005 USD")
          .isEqualTo(50, within(1e-6));
      assertThat(
              value(
                  page,
                  "outcrop_bedrock_list_price_usd_per_million_tokens",
                  MODEL + ",kind=\"output\""))
          .as("the price of the model that the configuration names")
          .isEqualTo(0.72);
      assertThat(page)
          .contains("\noutcrop_node_usd_per_hour 3.6\n")
          .contains("\noutcrop_process_usd_per_hour 1.8\n")
          .contains(
              "\noutcrop_price_info{price_source=\"config\",price_date=\"now\",instance=\"g6.xlarge\",purchase=\"reserved\",} 1.0\n");
    }
  }

  private static ServingConfig priced(ServingConfig config) {
    return config
        .withCost(HALF)
        .withModels(List.of(ModelConfig.of(TestServer.MODEL, Path.of("folder"))));
  }

  @Test
  void withoutAPriceThereIsNoMoney() throws Exception {
    try (TestServer server = new TestServer(request -> "x")) {
      assertThat(server.metrics(0))
          .doesNotContain("outcrop_cost_usd_total", "outcrop_usd_per_million", "outcrop_price_info")
          .contains("outcrop_bedrock_list_price_usd_per_million_tokens{" + MODEL);
    }
  }

  private static double value(String page, String name, String labels) {
    Matcher line =
        Pattern.compile(Pattern.quote("\n" + name + "{" + labels + ",} ") + "(.*)\n").matcher(page);
    assertThat(line.find()).as("%s{%s} in %s", name, labels, page).isTrue();
    return Double.parseDouble(line.group(1));
  }
}
