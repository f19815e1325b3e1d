package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.testing.Await;
import dev.outcrop.serving.testing.RawHttp2;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** The window of a connection that many streams share (RFC 9113 section 5.2). */
final class Http2WindowTest {
  private static final String HI =
      "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}";
  private static final int STREAMS = 64;
  private static final int FIRST_WINDOW = 65_535;
  private static final int GRANT = 4_000;

  @Test
  void sendsNoMoreThanTheWindowAllows() throws Exception {
    try (TestServer server = new TestServer(request -> "0123456789".repeat(3));
        RawHttp2 http = new RawHttp2(server.server.port())) {
      server.batcher.hold = true;
      http.open(100);
      for (int i = 0; i < STREAMS; i++) {
        http.post(2 * i + 1, "/model/demo/converse-stream", HI);
      }
      Await.until(() -> server.batcher.open() == STREAMS);
      server.batcher.streams.forEach(stream -> stream.release(100));
      long window = FIRST_WINDOW;
      long received = 0;
      long most = 0;
      for (int open = STREAMS; open > 0; ) {
        RawHttp2.Frame frame = http.next();
        received += frame.type() == RawHttp2.DATA ? frame.payload().length : 0;
        most = Math.max(most, received - window);
        open -= frame.endsStream() ? 1 : 0;
        if (received >= window && open > 0) {
          window += GRANT;
          grant(http, GRANT);
        }
      }
      assertThat(received).isGreaterThan(FIRST_WINDOW);
      assertThat(most).isLessThanOrEqualTo(0);
    }
  }

  @Test
  void leavesRoomForOthersBesideAStreamThatIsShut() throws Exception {
    try (TestServer server = new TestServer(request -> "x".repeat(request.maxTokens()));
        RawHttp2 http = new RawHttp2(server.server.port())) {
      http.open(100);
      http.post(1, "/model/demo/converse", most(2 * FIRST_WINDOW));
      for (int received = 0; received < FIRST_WINDOW; ) {
        RawHttp2.Frame frame = http.next();
        received += frame.type() == RawHttp2.DATA ? frame.payload().length : 0;
      }
      grant(http, FIRST_WINDOW); // to the connection, not to the stream
      http.ping();
      http.post(3, "/model/demo/converse-stream", most(9));
      assertThat(RawHttp2.text(RawHttp2.messages(http.rest(3)))).isEqualTo("x".repeat(9));
    }
  }

  private static String most(int tokens) {
    return HI.substring(0, HI.length() - 1)
        + ",\"inferenceConfig\":{\"maxTokens\":%d}}".formatted(tokens);
  }

  private static void grant(RawHttp2 http, int bytes) throws IOException {
    http.send(RawHttp2.WINDOW_UPDATE, 0, ByteBuffer.allocate(4).putInt(bytes).array());
  }
}
