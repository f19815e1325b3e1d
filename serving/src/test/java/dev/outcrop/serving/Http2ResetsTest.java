package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.testing.Await;
import dev.outcrop.serving.testing.RawHttp2;
import dev.outcrop.serving.testing.TestServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.eventstream.Message;

/** Clients that give up many requests at once, and one that they want, on one connection. */
final class Http2ResetsTest {
  private static final String STREAM = "/model/demo/converse-stream";
  private static final String HI =
      "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}";
  private static final byte[] CANCEL = {0, 0, 0, 8};

  private TestServer server;

  @BeforeEach
  void start() {
    server =
        new TestServer(
            request -> "0123456789", TestServer.http(settings -> settings.maxRequests = 1_000));
    server.batcher.hold = true;
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {60, 600})
  void endsWhatWasResetAndGoesOnWithTheRest(int resets) throws Exception {
    try (RawHttp2 http = new RawHttp2(server.server.port())) {
      http.open(100);
      http.post(1, STREAM, HI);
      Await.until(() -> server.batcher.open() == 1);
      for (int i = 1; i <= resets; i++) {
        http.post(2 * i + 1, STREAM, HI);
      }
      Await.until(() -> server.batcher.open() == resets + 1);
      http.write(frames(resets));
      Await.until(() -> server.batcher.open() == 1);

      assertThatItComes(http, 1);
    }
  }

  @Test
  void goesOnWhenAStreamIsResetThatHasEnded() throws Exception {
    try (RawHttp2 http = new RawHttp2(server.server.port())) {
      http.open(100);
      http.post(1, STREAM, HI);
      Await.until(() -> server.batcher.open() == 1);
      server.batcher.streams.removeFirst().release(100);
      http.rest(1);
      Await.until(() -> server.metrics().contains("outcrop_requests_in_flight 0.0"));
      for (int stream = 3; stream <= 7; stream += 2) {
        int open = stream / 2;
        http.post(stream, STREAM, HI);
        Await.until(() -> server.batcher.open() == open);
      }
      http.send(RawHttp2.RST_STREAM, 1, CANCEL);
      http.ping();

      assertThat(server.batcher.open()).isEqualTo(3);
      assertThatItComes(http, 3);
    }
  }

  /** The resets of all streams but the first, in one piece. */
  private static byte[] frames(int resets) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (int i = 1; i <= resets; i++) {
      all.writeBytes(RawHttp2.frame(RawHttp2.RST_STREAM, 0, 2 * i + 1, CANCEL));
    }
    return all.toByteArray();
  }

  private void assertThatItComes(RawHttp2 http, int stream) throws IOException {
    server.batcher.streams.getFirst().release(100);
    List<Message> messages = RawHttp2.messages(http.rest(stream));
    assertThat(RawHttp2.text(messages)).isEqualTo("0123456789");
    assertThat(messages.getLast().getHeaders().get(":event-type").getString())
        .isEqualTo("metadata");
  }
}
