package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.batching.Health;
import dev.outcrop.serving.config.ManagementConfig;
import dev.outcrop.serving.config.Secret;
import dev.outcrop.serving.config.ServingConfig;
import dev.outcrop.serving.http.LifeCycle;
import dev.outcrop.serving.testing.Await;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.RawHttp2;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.eventstream.Message;

/** How a server leaves: not ready, still serving, refusing, gone. */
@Timeout(60)
final class DrainTest {
  private static final String HI =
      "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}";
  private static final String ADMIN = "an-admin-key-of-some-length";
  private static final String CONVERSE = "/model/demo/converse";
  private static final String STREAM = "/model/demo/converse-stream";
  private static final Duration LONG = Duration.ofHours(1);

  private final LifeCycle lifeCycle = new LifeCycle();

  /** One whose clients have an hour to close their connections. */
  private TestServer server(Duration delay) {
    return server(config -> config.withDrainDelay(delay), LONG);
  }

  private TestServer server(UnaryOperator<ServingConfig> change, Duration goodbye) {
    return new TestServer(
        _ -> "0123456789",
        config ->
            change.apply(
                config.withManagement(new ManagementConfig("127.0.0.1", 0, new Secret(ADMIN)))),
        (config, models) -> {
          try (StartingServer starting = StartingServer.open(config, lifeCycle, goodbye)) {
            return starting.serve(models, List.of());
          }
        });
  }

  private static RawHttp.Response manage(TestServer server, String method, String path)
      throws IOException {
    try (RawHttp http = new RawHttp(server.server.managementPort())) {
      http.write(RawHttp.request(method, path, "", "Authorization: Bearer " + ADMIN + "\r\n"));
      return http.response();
    }
  }

  private static boolean refuses(TestServer server) {
    try {
      return manage(server, "GET", "/readyz").text().equals("{\"status\":\"draining\"}");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void takesRequestsForAWhileThoughItIsNotReady() throws Exception {
    try (TestServer server = server(LONG)) {
      assertThat(manage(server, "POST", "/drain").status()).isEqualTo(202);

      assertThat(manage(server, "GET", "/readyz").text()).isEqualTo("{\"status\":\"leaving\"}");
      assertThat(manage(server, "GET", "/livez").status()).isEqualTo(200);
      assertThat(manage(server, "GET", "/startupz").status()).isEqualTo(200);
      assertThat(server.metrics()).contains("outcrop_ready 0.0");
      RawHttp.Response taken = RawHttp.post(server.server.port(), CONVERSE, HI);
      assertThat(taken.status()).isEqualTo(200);
      assertThat(taken.header("Connection")).as("it is early").isNotEqualTo("close");
      assertThat(server.batcher.draining).isFalse();
    }
  }

  @Test
  void refusesRequestsWhenTheDelayIsOver() throws Exception {
    try (TestServer server = server(Duration.ofMillis(30))) {
      assertThat(manage(server, "POST", "/drain").status()).isEqualTo(202);
      Await.until(() -> server.batcher.draining);

      assertThat(manage(server, "GET", "/readyz").text()).isEqualTo("{\"status\":\"draining\"}");
      RawHttp.Response refused = RawHttp.post(server.server.port(), CONVERSE, HI);
      assertThat(refused.status()).isEqualTo(503);
      assertThat(refused.header("x-amzn-ErrorType")).isEqualTo("ServiceUnavailableException");
      assertThat(refused.header("Retry-After")).isEqualTo("1");
      assertThat(refused.header("Connection")).isEqualTo("close");
      RawHttp.Response chat =
          RawHttp.post(
              server.server.port(),
              "/v1/chat/completions",
              "{\"model\":\"demo\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
      assertThat(chat.status()).isEqualTo(503);
      assertThat(chat.text()).startsWith("{\"error\":{");
      assertThat(chat.header("Connection")).isEqualTo("close");
      try (RawHttp2 http = new RawHttp2(server.server.port())) {
        http.open(100);
        http.post(1, CONVERSE, HI);
        assertThat(http.untilGoAway()).isEqualTo(Integer.MAX_VALUE);
        assertThat(new String(http.rest(1), StandardCharsets.UTF_8))
            .contains("The server takes no requests right now.");
      }
    }
  }

  @Test
  void waitsForNothingThatADrainBeforeHasDone() throws Exception {
    try (TestServer server = server(LONG)) {
      manage(server, "POST", "/drain");
      assertThat(lifeCycle.drain(LONG)).as("its delay is over").isTrue();

      assertThat(server.server.drain(LONG)).isTrue();
    }
  }

  @Test
  void drainOfWhatLeavesEndsWithIt() throws Exception {
    try (TestServer server = server(LONG)) {
      manage(server, "POST", "/drain");
      FutureTask<Boolean> drained = new FutureTask<>(() -> server.server.drain(LONG));
      Thread waiting = Thread.ofVirtual().start(drained);
      Await.until(() -> waiting.getState() == Thread.State.TIMED_WAITING);

      assertThat(lifeCycle.drain(LONG)).as("its delay is over").isTrue();

      assertThat(drained.get()).isTrue();
    }
  }

  @Test
  void closesItsPortsThoughAClientStays() throws Exception {
    try (TestServer server =
            server(config -> config.withDrainDelay(Duration.ZERO), Duration.ofMillis(30));
        RawHttp http = new RawHttp(server.server.port())) {
      http.write(RawHttp.request("POST", CONVERSE, HI, ""));
      assertThat(http.response().status()).isEqualTo(200);

      assertThat(server.server.drain(LONG)).isTrue();

      assertThat(http.ended()).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 100})
  void tellsHttp2ClientsToGoElsewhereAndFinishesTheirStreams(int delayMillis) throws Exception {
    try (TestServer server = server(Duration.ofMillis(delayMillis));
        RawHttp2 http = new RawHttp2(server.server.port())) {
      server.batcher.hold = true;
      http.open(100);
      http.post(1, STREAM, HI);
      Await.until(() -> server.batcher.open() == 1);
      server.batcher.streams.getFirst().release(1);
      byte[] first = http.untilData(1);

      CompletableFuture<Boolean> drained =
          CompletableFuture.supplyAsync(() -> drained(server, Duration.ofSeconds(20)));
      assertThat(http.untilGoAway()).isEqualTo(Integer.MAX_VALUE);
      Await.until(() -> refuses(server));
      server.batcher.streams.getFirst().release(100);
      List<Message> messages = RawHttp2.messages(first, http.rest(1));

      assertThat(messages.getLast().getHeaders().get(":event-type").getString())
          .isEqualTo("metadata");
      http.close();
      assertThat(drained.get()).isTrue();
    }
  }

  @Test
  void servesARequestWhoseBodyComesWhenNoneIsTakenAnyMore() throws Exception {
    try (TestServer server = server(Duration.ZERO);
        RawHttp http = new RawHttp(server.server.port())) {
      String request = RawHttp.request("POST", CONVERSE, HI, "");
      http.write(request.substring(0, request.length() - 5));
      Await.until(() -> server.metrics().contains("outcrop_requests_in_flight 1.0"));
      CompletableFuture<Boolean> drained =
          CompletableFuture.supplyAsync(() -> drained(server, Duration.ofHours(1)));
      Await.until(() -> refuses(server));

      http.write(request.substring(request.length() - 5));

      assertThat(http.response().status()).isEqualTo(200);
      assertThat(drained.join()).isTrue();
      assertThat(server.batcher.draining).isTrue();
    }
  }

  @Test
  void refusesTheNextRequestOfAClientThatCouldNotBeTold() throws Exception {
    try (TestServer server = server(Duration.ZERO);
        RawHttp http = new RawHttp(server.server.port())) {
      server.batcher.hold = true;
      http.write(RawHttp.request("POST", STREAM, HI, ""));
      Await.until(() -> server.batcher.open() == 1);
      server.batcher.streams.getFirst().release(1);
      http.readUntil("messageStart");
      CompletableFuture<Boolean> drained =
          CompletableFuture.supplyAsync(() -> drained(server, LONG));
      Await.until(() -> refuses(server));
      server.batcher.streams.getFirst().release(100);
      http.readUntil("metadata");
      http.readUntil("\r\n0\r\n\r\n");

      http.write(RawHttp.request("POST", CONVERSE, HI, ""));
      RawHttp.Response refused = http.response();

      assertThat(refused.status()).isEqualTo(503);
      assertThat(refused.header("Connection")).isEqualTo("close");
      assertThat(drained.get()).isTrue();
    }
  }

  @Test
  void sendsGoAwayOnConnectionsOnWhichNothingIs() throws Exception {
    try (TestServer server = server(Duration.ZERO);
        RawHttp2 http = new RawHttp2(server.server.port())) {
      http.open(100);
      http.post(1, CONVERSE, HI);
      http.rest(1);

      CompletableFuture<Boolean> drained =
          CompletableFuture.supplyAsync(() -> drained(server, LONG));

      assertThat(http.untilGoAway()).isEqualTo(Integer.MAX_VALUE);
      http.close();
      assertThat(drained.get()).isTrue();
    }
  }

  @Test
  void endsStreamsAtTheTimeoutThoughTheProcessStays() throws Exception {
    try (TestServer server =
            server(
                config ->
                    new ServingConfig(
                        config.http(),
                        config.management(),
                        config.auth(),
                        config.limits(),
                        config.batchJobs(),
                        config.catalog(),
                        config.cost(),
                        Duration.ZERO,
                        Duration.ofMillis(30),
                        config.models()),
                LONG);
        RawHttp http = new RawHttp(server.server.port())) {
      server.batcher.hold = true;
      http.write(RawHttp.request("POST", STREAM, HI, ""));
      Await.until(() -> server.batcher.open() == 1);
      server.batcher.streams.getFirst().release(1);
      http.readUntil("messageStart");

      assertThat(manage(server, "POST", "/drain").status()).isEqualTo(202);

      http.readUntil("exception");
      assertThat(manage(server, "GET", "/livez").status()).isEqualTo(200);
      assertThat(server.server.drain(LONG)).as("something was cut off").isFalse();
    }
  }

  @Test
  void livesWhenItsLoopsHaveEndedInADrain() throws Exception {
    try (TestServer server = server(Duration.ZERO)) {
      manage(server, "POST", "/drain");
      server.batcher.health = new Health.Dead("closed");
      assertThat(manage(server, "GET", "/livez").status()).isEqualTo(200);

      server.batcher.health = new Health.Stalled(Duration.ofSeconds(31));
      assertThat(manage(server, "GET", "/livez").status()).isEqualTo(503);
    }
  }

  private static boolean drained(TestServer server, Duration timeout) {
    try {
      return server.server.drain(timeout);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
