package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.testing.Await;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.RawHttp2;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Clients that are slow with what they send or read lose their connection, and nobody else does.
 */
final class SlowClientTest {
  private static final String HI =
      "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}";

  /** More than the system buffers for a reader that does not read. */
  private static final int TOKENS = 60_000;

  private TestServer server;

  @BeforeEach
  void start() {
    server =
        new TestServer(
            request -> "x".repeat(TOKENS),
            TestServer.http(
                settings -> {
                  settings.maxRequests = 1;
                  settings.requestTimeout = Duration.ofSeconds(1);
                  settings.writeTimeout = Duration.ofSeconds(1);
                }));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "P",
        "PRI",
        "POST /model/demo/converse HTTP/1.1\r",
        "POST /model/demo/converse HTTP/1.1\r\nHost: localhost\r\n",
        "POST /model/demo/converse HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{",
        "POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{",
        "POST /model/demo/converse HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"
      })
  void hangsUpOnRequestThatDoesNotCome(String part) throws Exception {
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(part);
      if (part.contains("/nothing")) {
        assertThat(http.response().status()).isEqualTo(404);
      }
      assertThat(http.ended()).isTrue();
    }
    assertThatRequestsAreTaken();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/model/demo/converse", "/nothing"})
  void hangsUpOnHttp2BodyThatDoesNotCome(String path) throws Exception {
    try (RawHttp2 http = new RawHttp2(server.server.port())) {
      http.open(100);
      http.begin(1, path, 100);
      http.send(RawHttp2.DATA, 1, new byte[] {'{'});
      http.untilEnd();
    }
    assertThatRequestsAreTaken();
  }

  @Test
  void hangsUpOnReaderThatStopsReading() throws Exception {
    try (RawHttp http = new RawHttp(server.server.port(), 4_096)) {
      http.write(RawHttp.request("POST", "/model/demo/converse-stream", HI, ""));
      http.readUntil("contentBlockDelta");
      Await.until(() -> server.batcher.open() == 0);
      Await.until(() -> server.metrics().contains("operation=\"ConverseStream\",status=\"499\","));
    }
    assertThatRequestsAreTaken();
  }

  @ParameterizedTest
  @ValueSource(strings = {"converse", "converse-stream"})
  void givesUpOnHttp2StreamWithoutWindow(String operation) throws Exception {
    try (RawHttp2 http = new RawHttp2(server.server.port())) {
      http.open(100);
      http.post(1, "/model/demo/" + operation, HI);
      if (operation.equals("converse")) {
        // 60,000 letters fit the first window; the rest of it is used up by another stream's.
        assertThat(http.rest(1)).isNotEmpty();
        Await.until(() -> server.metrics().contains("outcrop_requests_in_flight 0.0"));
        http.post(3, "/model/demo/" + operation, HI);
      }
      Await.until(() -> server.metrics().contains("status=\"499\",} 1.0"));
      assertThat(server.batcher.open()).isZero();
    }
    assertThatRequestsAreTaken();
  }

  @Test
  void keepsConnectionsThatAreIdleOrWaitForAnAnswer() throws Exception {
    server.batcher.hold = true;
    String request = RawHttp.request("POST", "/model/demo/converse", HI, "");
    try (RawHttp waiting = new RawHttp(server.server.port());
        RawHttp idle = new RawHttp(server.server.managementPort());
        RawHttp2 waiting2 = new RawHttp2(server.server.port())) {
      String live = RawHttp.request("GET", "/livez", "", "");
      idle.write(live);
      assertThat(idle.response().status()).isEqualTo(200);
      waiting2.open(100);
      waiting.write(request);
      Await.until(() -> server.batcher.open() == 1);

      hangsUpOnRequestThatDoesNotComeLater();

      idle.write(live);
      assertThat(idle.response().status()).isEqualTo(200);
      server.batcher.streams.getFirst().release(Integer.MAX_VALUE);
      assertThat(waiting.response().status()).isEqualTo(200);
      server.batcher.hold = false;
      Await.until(() -> server.batcher.open() == 0);
      waiting2.post(1, "/nothing", HI);
      assertThat(waiting2.rest(1)).isNotEmpty();
    }
  }

  /** A connection that was opened after others is hung up on, so those had as much time. */
  private void hangsUpOnRequestThatDoesNotComeLater() throws IOException {
    try (RawHttp silent = new RawHttp(server.server.port())) {
      assertThat(silent.ended()).isTrue();
    }
  }

  private void assertThatRequestsAreTaken() throws Exception {
    Await.until(
        () -> {
          try {
            return RawHttp.post(
                        server.server.port(),
                        "/model/demo/converse",
                        "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}],"
                            + "\"inferenceConfig\":{\"maxTokens\":1}}")
                    .status()
                == 200;
          } catch (IOException e) {
            // On a machine with much else to do the request itself may have been too slow.
            return false;
          }
        });
  }
}
