package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.config.ManagementConfig;
import dev.outcrop.serving.config.ServingConfig;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** A server that cannot have its ports does not pretend to serve. */
final class PortTakenTest {
  @Test
  void saysWhichPortIsTaken() throws IOException {
    try (TestServer first = new TestServer(_ -> "ok")) {
      int port = first.server.port();
      int management = first.server.managementPort();

      assertTaken(config -> config.withHttp(config.http().withPort(port)), port);
      assertTaken(
          config -> config.withManagement(new ManagementConfig("127.0.0.1", management, null)),
          management);
      assertThat(RawHttp.post(port, "/model/demo/invoke", "{\"prompt\":\"x\"}").status())
          .as("the first goes on")
          .isEqualTo(200);
    }
  }

  private static void assertTaken(UnaryOperator<ServingConfig> change, int port) {
    assertThatThrownBy(() -> new TestServer(_ -> "ok", change))
        .isInstanceOfSatisfying(
            OutcropException.class,
            e -> {
              assertThat(e.code()).isEqualTo(ServingError.START_FAILED);
              assertThat(e).hasMessage("cannot listen on 127.0.0.1 port %d", port);
            });
  }
}
