package dev.outcrop.serving.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.testing.FaultLog;
import dev.outcrop.serving.transport.SendWindow;
import dev.outcrop.serving.transport.Sending;
import io.helidon.http.http2.Http2ErrorCode;
import io.helidon.http.http2.Http2Exception;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.SocketException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tells a client that went away from a fault of the server's. */
final class ResponseStreamTest {
  private static OutputStream failing(RuntimeException failure) {
    return new OutputStream() {
      @Override
      public void write(int b) {
        throw failure;
      }

      @Override
      public void close() {
        throw failure;
      }
    };
  }

  private static String logged(RuntimeException failure, boolean gone) {
    ResponseStream stream =
        new ResponseStream(
            failing(failure),
            SendWindow.unlimited(),
            () -> gone,
            Sending::unwatched,
            "the-request");
    try (FaultLog log = new FaultLog()) {
      assertGone(() -> stream.write(new byte[1]));
      assertGone(stream::end);
      return log.toString();
    }
  }

  private static void assertGone(Runnable write) {
    assertThatThrownBy(write::run)
        .isInstanceOfSatisfying(
            OutcropException.class, e -> assertThat(e.code()).isEqualTo(ServingError.CLIENT_GONE));
  }

  @Test
  void logsFaultWhileTheClientIsThere() {
    RuntimeException fault =
        new IllegalStateException("a prompt", new IndexOutOfBoundsException("a completion"));

    assertThat(logged(fault, false))
        .contains("the-request", "IllegalStateException", "IndexOutOfBoundsException")
        .doesNotContain("a prompt", "a completion");
  }

  @Test
  void logsNothingOfAClientThatIsGone() {
    assertThat(logged(new IllegalStateException("Stream is already closed."), true)).isEmpty();
  }

  static Stream<RuntimeException> unread() {
    return Stream.of(
        new UncheckedIOException(new SocketException("Broken pipe")),
        new IllegalStateException(new UncheckedIOException(new SocketException("Broken pipe"))),
        new Http2Exception(Http2ErrorCode.FLOW_CONTROL, "Flow control update wait time-out."));
  }

  @ParameterizedTest
  @MethodSource("unread")
  void logsNothingOfAClientThatDoesNotRead(RuntimeException failure) {
    assertThat(logged(failure, false)).isEmpty();
  }
}
