package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.config.CostConfig;
import dev.outcrop.serving.config.ManagementConfig;
import dev.outcrop.serving.config.ModelConfig;
import dev.outcrop.serving.config.Secret;
import dev.outcrop.serving.config.ServingConfig;
import dev.outcrop.serving.generate.ServedModel;
import dev.outcrop.serving.testing.ByteText;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.ScriptedBatcher;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the management port tells before there is a model. */
final class StartupTest {
  private static final String ADMIN = "an-admin-key-of-some-length";

  private final ServingConfig config =
      ServingConfig.DEFAULT
          .withHttp(ServingConfig.DEFAULT.http().withPort(freePort()))
          .withManagement(new ManagementConfig("127.0.0.1", 0, new Secret(ADMIN)))
          .withModels(List.of(ModelConfig.of("a.model", Path.of("a.model"))));

  private static int freePort() {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static List<ServedModel> models() {
    return List.of(
        new ServedModel(
            TestServer.MODEL,
            List.of("demo"),
            new ScriptedBatcher(_ -> "ok"),
            new ByteText(),
            TestServer.DEFAULTS));
  }

  private static RawHttp.Response get(StartingServer server, String path) throws IOException {
    return send(server, "GET", path, "");
  }

  private static RawHttp.Response send(
      StartingServer server, String method, String path, String headers) throws IOException {
    try (RawHttp http = new RawHttp(server.managementPort())) {
      http.write(RawHttp.request(method, path, "", headers));
      return http.response();
    }
  }

  @Test
  void tellsWhatLoadsAndIsAliveMeanwhile() throws Exception {
    try (StartingServer starting = StartingServer.open(config)) {
      starting.loading("a.model");
      for (String probe : List.of("/startupz", "/readyz")) {
        assertThat(get(starting, probe).status()).isEqualTo(503);
        assertThat(get(starting, probe).text())
            .isEqualTo("{\"status\":\"loading\",\"loading\":\"a.model\"}");
      }
      assertThat(get(starting, "/livez").status()).isEqualTo(200);
      assertThat(get(starting, "/metrics").text())
          .contains("outcrop_ready 0.0", "outcrop_model_up{model=\"a.model\",} 0.0")
          .doesNotContain("outcrop_engine_steps_total{");
      assertThat(send(starting, "POST", "/drain", "Authorization: Bearer " + ADMIN + "\r\n"))
          .extracting(RawHttp.Response::status)
          .isEqualTo(503);
      assertThatThrownBy(() -> new RawHttp(config.http().port()))
          .isInstanceOf(ConnectException.class);

      try (OutcropServer server = starting.serve(models(), List.of())) {
        assertThat(server.managementPort()).isEqualTo(starting.managementPort());
        for (String probe : List.of("/startupz", "/readyz", "/livez")) {
          assertThat(get(starting, probe).status()).as(probe).isEqualTo(200);
        }
        assertThat(get(starting, "/metrics").text()).contains("outcrop_ready 1.0");
      }
    }
  }

  @Test
  void staysStartedForGood() throws Exception {
    try (StartingServer starting = StartingServer.open(config);
        OutcropServer server = starting.serve(models(), List.of())) {
      server.leave();

      assertThat(get(starting, "/readyz").status()).isEqualTo(503);
      assertThat(get(starting, "/startupz").text()).isEqualTo("{\"status\":\"started\"}");
    }
  }

  @Test
  void tellsOfAWrongPriceFileBeforeModelsLoad(@TempDir Path folder) throws Exception {
    Path prices = Files.writeString(folder.resolve("prices.yaml"), "bedrock: []");
    CostConfig usual = CostConfig.DEFAULT;
    CostConfig wrong =
        new CostConfig(
            usual.hourlyUsd(),
            usual.share(),
            usual.devices(),
            usual.instanceType(),
            usual.purchase(),
            prices,
            usual.nodeApi(),
            usual.prometheusUrl(),
            usual.refresh(),
            usual.window(),
            usual.bedrockModels());

    assertThatThrownBy(() -> StartingServer.open(config.withCost(wrong)))
        .isInstanceOf(OutcropException.class)
        .hasMessageContaining("bedrock has another form");
  }

  @Test
  void closesItsPortWhenItIsClosedBeforeItServes() {
    StartingServer starting = StartingServer.open(config);
    int port = starting.managementPort();
    starting.loading("a.model");
    starting.close();

    assertThatThrownBy(() -> new RawHttp(port)).isInstanceOf(ConnectException.class);
  }

  @Test
  void closesItsPortWhenTheOtherIsTaken() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      ServingConfig same = config.withHttp(config.http().withPort(taken.getLocalPort()));
      StartingServer starting = StartingServer.open(same);
      int port = starting.managementPort();
      assertThatThrownBy(() -> starting.serve(models(), List.of()))
          .isInstanceOf(OutcropException.class)
          .hasMessageContaining(String.valueOf(taken.getLocalPort()));
      assertThat(get(starting, "/livez").status()).isEqualTo(200);

      starting.close();
      assertThatThrownBy(() -> new RawHttp(port)).isInstanceOf(ConnectException.class);
    }
  }
}
