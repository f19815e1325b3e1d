package dev.outcrop.serving.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.OutcropServer;
import dev.outcrop.serving.StartingServer;
import dev.outcrop.serving.config.CostConfig;
import dev.outcrop.serving.config.ManagementConfig;
import dev.outcrop.serving.config.ModelConfig;
import dev.outcrop.serving.config.ServingConfig;
import dev.outcrop.serving.testing.RawHttp;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The demo model on its engine at a dollar a second, by the wall clock. */
final class CostDemoTest {
  private static final String ASK =
      "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"Count from 1 to 20.\"}]}]}";

  @Test
  void whatTenantsAndIdleTimeCostIsTheTimeThatPassed() throws Exception {
    ModelConfig model = ModelConfig.of(DemoServer.MODEL, DemoServer.FOLDER);
    ServingConfig config =
        ServingConfig.DEFAULT
            .withHttp(ServingConfig.DEFAULT.http().withPort(0))
            .withManagement(new ManagementConfig("127.0.0.1", 0, null))
            .withModels(List.of(model))
            .withCost(CostConfig.DEFAULT.withHourlyUsd(3_600));
    long begin = System.nanoTime();
    try (StartingServer starting = StartingServer.open(config);
        ModelHost models =
            ModelHost.load(config.models(), config.cost(), starting.prices(), what -> {});
        OutcropServer server =
            starting.serve(models.served(), models.encoders(), models.memory())) {
      for (int i = 0; i < 8; i++) {
        assertThat(
                RawHttp.post(server.port(), "/model/" + DemoServer.MODEL + "/converse", ASK)
                    .status())
            .isEqualTo(200);
      }
      Thread.sleep(300); // nobody asks for anything

      double before = (System.nanoTime() - begin) / 1e9;
      String page = metrics(server.managementPort());
      double after = (System.nanoTime() - begin) / 1e9;

      double all = sum(page, "outcrop_cost_usd_total{");
      double idle =
          sum(page, "outcrop_cost_usd_total{model=\"outcrop.demo-v1:0\",tenant=\"_idle\"");
      assertThat(all).isBetween(0.99 * before, 1.01 * after);
      assertThat(idle).isBetween(0.3, all - 0.01);
      assertThat(sum(page, "outcrop_usd_per_million_tokens{")).isPositive();
      assertThat(page).as("nobody's tenant").doesNotContain("warm-up");
    }
  }

  private static String metrics(int port) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client
          .send(
              HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d/metrics".formatted(port)))
                  .build(),
              HttpResponse.BodyHandlers.ofString())
          .body();
    }
  }

  private static double sum(String page, String begin) {
    return page.lines()
        .filter(line -> line.startsWith(begin))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }
}
