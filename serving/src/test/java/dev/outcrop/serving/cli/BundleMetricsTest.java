package dev.outcrop.serving.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.config.ModelConfig;
import dev.outcrop.serving.testing.Await;
import dev.outcrop.serving.testing.RawHttp;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.Test;

/** What the metrics say of a server that runs a bundle: the stand-in of the embedded model. */
final class BundleMetricsTest {
  private static final String ASK =
      "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"What is 17 plus 25?\"}]}]}";

  /** KV of five layers, K and V of two heads of 64 numbers in float32. */
  private static final long TOKEN = 5 * 2 * 2 * 64 * 4;

  @Test
  void tellWhatCompilingLoadingAndPaddingTookAndWhatTheDeviceHolds() throws Exception {
    try (DemoServer demo = new DemoServer(DemoServer.Engine.BUNDLE, ModelConfig.Dtype.FLOAT32)) {
      double before = value(demo, "outcrop_padding_tokens_total");
      assertThat(
              RawHttp.post(
                      demo.endpoint().getPort(), "/model/" + DemoServer.MODEL + "/converse", ASK)
                  .status())
          .isEqualTo(200);

      Await.until(() -> value(demo, "outcrop_padding_tokens_total") > before);
      assertThat(value(demo, "outcrop_engine_steps_total")).isGreaterThan(2);
      assertThat(value(demo, "outcrop_bundle_compile_seconds")).isPositive();
      assertThat(value(demo, "outcrop_bundle_load_seconds")).isBetween(0.01, 600.0);
      assertThat(value(demo, "outcrop_bundle_device_bytes"))
          .as("weights in float32, and eight slots of 512 tokens beside the scratch slot")
          .isBetween(9.0 * 512 * TOKEN + 3.3e6 * 4, 9.0 * 512 * TOKEN + 3.8e6 * 4);
    }
  }

  private static double value(DemoServer demo, String name) {
    try (HttpClient client = HttpClient.newHttpClient()) {
      URI page = URI.create("http://127.0.0.1:%d/metrics".formatted(demo.managementPort()));
      return client
          .send(HttpRequest.newBuilder(page).build(), HttpResponse.BodyHandlers.ofString())
          .body()
          .lines()
          .filter(line -> line.startsWith(name + "{"))
          .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
          .sum();
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
