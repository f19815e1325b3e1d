package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.batching.Health;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.config.ManagementConfig;
import dev.outcrop.serving.config.Secret;
import dev.outcrop.serving.testing.Await;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.RawHttp2;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.eventstream.Message;

/** Probes, metrics and drain. */
final class ManagementTest {
  private static final String HI =
      "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}";
  private static final String ADMIN = "an-admin-key-of-some-length";

  private final HttpClient client = HttpClient.newHttpClient();
  private TestServer server;

  @BeforeEach
  void start() {
    server =
        new TestServer(
            request -> "0123456789",
            config ->
                config.withManagement(new ManagementConfig("127.0.0.1", 0, new Secret(ADMIN))));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void livesWhileTheBatcherDoes() throws Exception {
    assertThat(get("/livez").statusCode()).isEqualTo(200);

    server.batcher.health = new Health.Dead("ENGINE_DEAD");
    assertThat(get("/livez").statusCode()).isEqualTo(503);
    assertThat(get("/livez").body())
        .isEqualTo(
            "{\"status\":\"dead\",\"models\":[{\"model\":\"%s\",\"status\":\"dead\",\"reason\":\"ENGINE_DEAD\"}]}"
                .formatted(TestServer.MODEL));
    assertThat(get("/metrics").body())
        .contains("outcrop_model_up{model=\"" + TestServer.MODEL + "\",} 0.0");
  }

  @Test
  void namesTheStepThatIsStuckAndLivesAgainWhenItComesBack() throws Exception {
    server.batcher.health =
        new Health.Stuck(
            new Health.Step(7, 3, 2, 500, 4, Duration.ofMillis(600), Duration.ofSeconds(6)),
            Duration.ofSeconds(9));
    HttpResponse<String> stuck = get("/livez");
    assertThat(stuck.statusCode()).isEqualTo(503);
    assertThat(stuck.body())
        .startsWith("{\"status\":\"stuck\",\"models\":[{\"model\":\"" + TestServer.MODEL)
        .contains(
            "\"tookMillis\":9000,\"step\":{\"number\":7,\"rows\":3,\"decodeRows\":2,"
                + "\"prefillTokens\":500,\"kvSegments\":4,"
                + "\"expectedMillis\":600,\"limitMillis\":6000}");

    server.batcher.health = new Health.Stalled(Duration.ofSeconds(31));
    assertThat(get("/livez").body()).contains("\"status\":\"stalled\",\"tookMillis\":31000");

    server.batcher.health = new Health.Live();
    assertThat(get("/livez").statusCode()).isEqualTo(200);
    assertThat(get("/livez").body()).isEqualTo("{\"status\":\"live\"}");
  }

  @Test
  void isNotReadyWhileAnEngineIsStuckOrDead() throws Exception {
    assertThat(get("/readyz").body()).isEqualTo("{\"status\":\"serving\"}");

    server.batcher.health = new Health.Stalled(Duration.ofSeconds(31));
    assertThat(get("/readyz").statusCode()).isEqualTo(503);
    assertThat(get("/readyz").body()).startsWith("{\"status\":\"stuck\",\"models\":[");
    assertThat(get("/metrics").body()).contains("outcrop_ready 0.0");

    server.batcher.health = new Health.Live();
    assertThat(get("/readyz").statusCode()).isEqualTo(200);
    assertThat(get("/metrics").body()).contains("outcrop_ready 1.0");

    server.batcher.health = new Health.Dead("ENGINE_DEAD");
    assertThat(get("/readyz").statusCode()).isEqualTo(503);
    assertThat(get("/readyz").body()).startsWith("{\"status\":\"dead\",\"models\":[");
  }

  @Test
  void isProbedThoughManyRequestsHaveOnlyBegun() throws Exception {
    List<RawHttp> begun = new ArrayList<>();
    try {
      for (int i = 0; i < 150; i++) {
        RawHttp http = new RawHttp(server.server.managementPort());
        begun.add(http);
        http.write("G");
      }
      for (int i = 0; i < 3; i++) {
        try (RawHttp probe = new RawHttp(server.server.managementPort())) {
          probe.waitFor(Duration.ofSeconds(20));
          probe.write(RawHttp.request("GET", "/livez", "", ""));
          assertThat(probe.response().status()).isEqualTo(200);
        }
      }
    } finally {
      for (RawHttp http : begun) {
        http.close();
      }
    }
  }

  @Test
  void saysThatItDrainsThoughAnEngineIsStuck() throws Exception {
    server.batcher.health = new Health.Stalled(Duration.ofSeconds(31));
    assertThat(drain("Bearer " + ADMIN).statusCode()).isEqualTo(202);

    assertThat(get("/readyz").statusCode()).isEqualTo(503);
    assertThat(get("/readyz").body()).isEqualTo("{\"status\":\"draining\"}");
  }

  @Test
  void drainNeedsTheAdminKey() throws Exception {
    assertThat(drain("Bearer wrong").statusCode()).isEqualTo(403);
    assertThat(drain("Basic x").statusCode()).isEqualTo(403);
    assertThat(get("/readyz").statusCode()).isEqualTo(200);

    assertThat(drain("Bearer " + ADMIN).statusCode()).isEqualTo(202);

    assertThat(get("/readyz").statusCode()).isEqualTo(503);
    assertThat(get("/livez").statusCode()).isEqualTo(200);
    RawHttp.Response refused = RawHttp.post(server.server.port(), "/model/demo/converse", HI);
    assertThat(refused.status()).isEqualTo(503);
    assertThat(refused.header("x-amzn-ErrorType")).isEqualTo("ServiceUnavailableException");
    assertThat(refused.header("Retry-After")).isEqualTo("1");
    Await.until(() -> server.batcher.draining);
  }

  @Test
  void takesTheAdminKeyFromAFile(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("key"), ADMIN + "\n");
    try (TestServer other =
        new TestServer(
            request -> "ok",
            config -> config.withManagement(new ManagementConfig("127.0.0.1", 0, null, file)))) {
      HttpResponse<String> response =
          client.send(
              HttpRequest.newBuilder(other.management("/drain"))
                  .header("Authorization", "Bearer " + ADMIN)
                  .POST(HttpRequest.BodyPublishers.noBody())
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(response.statusCode()).isEqualTo(202);
    }
  }

  @Test
  void nobodyDrainsWithoutAConfiguredKey() throws Exception {
    try (TestServer other = new TestServer(request -> "ok")) {
      HttpResponse<String> response =
          client.send(
              HttpRequest.newBuilder(other.management("/drain"))
                  .POST(HttpRequest.BodyPublishers.noBody())
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(response.statusCode()).isEqualTo(403);
    }
  }

  @Test
  void drainLetsStreamsEnd() throws Exception {
    server.batcher.hold = true;
    try (RawHttp2 http = new RawHttp2(server.server.port())) {
      http.open(100);
      http.post(1, "/model/demo/converse-stream", HI);
      Await.until(() -> server.batcher.open() == 1);
      server.batcher.streams.getFirst().release(1);
      byte[] first = http.untilData(1);

      CompletableFuture<Boolean> drained = drainInBackground(Duration.ofSeconds(20));
      Await.until(() -> server.metrics().contains("outcrop_ready 0.0"));
      server.batcher.streams.getFirst().release(100);
      List<Message> messages = RawHttp2.messages(first, http.rest(1));

      assertThat(messages.getLast().getHeaders().get(":event-type").getString())
          .isEqualTo("metadata");
      assertThat(drained.join()).isTrue();
    }
  }

  @Test
  void drainThatTakesTooLongTellsTheClient() throws Exception {
    server.batcher.hold = true;
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(RawHttp.request("POST", "/model/demo/converse-stream", HI, ""));
      Await.until(() -> server.batcher.open() == 1);
      server.batcher.streams.getFirst().release(1);
      http.readUntil("contentBlockDelta");

      CompletableFuture<Boolean> drained = drainInBackground(Duration.ofMillis(1));
      http.readUntil("serviceUnavailableException");

      assertThat(drained.join()).isFalse();
      assertThat(server.batcher.open()).isZero();
    }
  }

  @Test
  void metricsCountWhatHappened() throws Exception {
    RawHttp.post(server.server.port(), "/model/demo/converse", HI);
    server.batcher.failure = new OutcropException(ModelError.STEP_FAILED, "x");
    server.batcher.failAfter = 2;
    RawHttp.post(server.server.port(), "/model/demo/converse", HI);
    RawHttp.post(server.server.port(), "/nothing", HI);

    String page = server.metrics(3);

    String model = "model=\"" + TestServer.MODEL + "\"";
    assertThat(page)
        .contains(
            "outcrop_requests_total{" + model + ",operation=\"Converse\",status=\"200\",} 1.0")
        .contains(
            "outcrop_requests_total{" + model + ",operation=\"Converse\",status=\"500\",} 1.0")
        .contains(
            "outcrop_requests_total{model=\"none\",operation=\"unknown\",status=\"404\",} 1.0")
        .contains("outcrop_tokens_total{" + model + ",tenant=\"local\",kind=\"completion\",} 13.0")
        .contains("outcrop_tokens_total{" + model + ",tenant=\"local\",kind=\"prompt\",} 40.0")
        .contains("outcrop_generations_total{" + model + ",result=\"completed\",} 1.0")
        .contains("outcrop_generations_total{" + model + ",result=\"failed\",} 1.0")
        .contains("outcrop_time_to_first_token_seconds_count{" + model + ",} 2.0")
        .contains("outcrop_time_per_output_token_seconds_count{" + model + ",} 2.0")
        .contains("outcrop_kv_units{" + model + ",} 100.0")
        .contains("outcrop_prefix_cache_tokens_total{" + model + ",result=\"hit\",} 30.0")
        .contains("outcrop_prefix_cache_tokens_total{" + model + ",result=\"miss\",} 70.0")
        .contains("outcrop_preemptions_total{" + model + ",} 2.0")
        .contains("outcrop_draft_tokens_total{" + model + ",} 40.0")
        .contains("outcrop_accepted_tokens_total{" + model + ",} 25.0")
        .contains("outcrop_prefill_tokens_per_second{" + model + ",} 5000.0")
        .contains("outcrop_decode_tokens_per_second{" + model + ",} 400.0")
        .contains("outcrop_slo_burn{" + model + ",target=\"first_token\",} 0.5")
        .contains("outcrop_slo_burn{" + model + ",target=\"token_interval\",} 3.0")
        .contains("outcrop_load{" + model + ",} 1.5")
        .contains("outcrop_desired_replicas{" + model + ",} 2.0")
        .contains("outcrop_ready 1.0");
  }

  @Test
  void aSingleTokenHasNoTimePerToken() throws Exception {
    try (TestServer other = new TestServer(request -> "")) {
      RawHttp.post(other.server.port(), "/model/demo/converse", HI);

      assertThat(other.metrics(1))
          .contains("kind=\"completion\",} 1.0")
          .doesNotContain("outcrop_time_per_output_token_seconds_count{");
    }
  }

  @Test
  void countsClientsThatLeave() throws Exception {
    server.batcher.hold = true;
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(RawHttp.request("POST", "/model/demo/converse-stream", HI, ""));
      Await.until(() -> server.batcher.open() == 1);
    }
    Await.until(
        () ->
            page().contains("result=\"abandoned\",} 1.0")
                && page().contains("operation=\"ConverseStream\",status=\"499\",} 1.0"));
  }

  private String page() {
    try {
      return get("/metrics").body();
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private CompletableFuture<Boolean> drainInBackground(Duration timeout) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return server.server.drain(timeout);
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
        });
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return client.send(
        HttpRequest.newBuilder(server.management(path)).build(),
        HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
  }

  private HttpResponse<String> drain(String authorization)
      throws IOException, InterruptedException {
    return client.send(
        HttpRequest.newBuilder(server.management("/drain"))
            .header("Authorization", authorization)
            .POST(HttpRequest.BodyPublishers.noBody())
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }
}
