package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.testing.Await;
import dev.outcrop.serving.testing.RawHttp2;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.eventstream.Message;

/** A body that does not come beside a stream that does, on one HTTP/2 connection. */
final class SlowUploadTest {
  private static final String STREAM = "/model/demo/converse-stream";
  private static final String HI =
      "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}";
  private static final int SIZE = 100;

  private TestServer server;
  private RawHttp2 http;

  @BeforeEach
  void start() throws Exception {
    server =
        new TestServer(
            request -> "0123456789",
            TestServer.http(settings -> settings.requestTimeout = Duration.ofSeconds(3)));
    server.batcher.hold = true;
    http = new RawHttp2(server.server.port());
    http.open(100);
    http.post(1, STREAM, HI);
    Await.until(() -> server.batcher.open() == 1);
  }

  @AfterEach
  void stop() throws IOException {
    http.close();
    server.close();
  }

  @Test
  void refusesTheBodyAloneAndGoesOnWithTheConnection() throws Exception {
    http.begin(3, "/model/demo/converse", SIZE);
    http.send(RawHttp2.DATA, 3, new byte[] {'{'});

    assertThat(new String(http.rest(3), StandardCharsets.UTF_8)).contains("too long to arrive");
    Await.until(() -> server.metrics().contains("operation=\"Converse\",status=\"408\",} 1.0"));

    // More frames than Helidon queues for a reader: all of them are read, and thrown away.
    for (int i = 1; i < SIZE - 1; i++) {
      http.send(RawHttp2.DATA, 3, new byte[] {' '});
    }
    http.write(RawHttp2.frame(RawHttp2.DATA, 1, 3, new byte[] {'}'}));
    http.ping();
    assertThatTheStreamComes();

    server.batcher.hold = false;
    http.post(5, STREAM, HI);
    assertThat(RawHttp2.text(RawHttp2.messages(http.rest(5)))).isEqualTo("0123456789");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/model/demo/converse", "/nothing"})
  void hangsUpWhenNothingElseIsLeft(String path) throws Exception {
    http.begin(3, path, SIZE);
    http.send(RawHttp2.DATA, 3, new byte[] {'{'});
    assertThat(http.rest(3)).isNotEmpty();

    assertThatTheStreamComes();
    http.untilEnd();
    Await.until(() -> server.metrics().contains("outcrop_requests_in_flight 0.0"));
  }

  private void assertThatTheStreamComes() throws IOException {
    server.batcher.streams.getFirst().release(100);
    List<Message> messages = RawHttp2.messages(http.rest(1));
    assertThat(RawHttp2.text(messages)).isEqualTo("0123456789");
    assertThat(messages.getLast().getHeaders().get(":event-type").getString())
        .isEqualTo("metadata");
  }
}
