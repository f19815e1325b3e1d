package dev.outcrop.serving.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.auth.Authenticator;
import dev.outcrop.serving.config.ServingConfig;
import dev.outcrop.serving.json.Json;
import dev.outcrop.serving.transport.ByteBudget;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How the port is set up. */
final class ApiPortTest {
  @Test
  void tokensDoNotWaitForTheConfirmationOfEarlierOnes() {
    ApiPort.Parts parts =
        new ApiPort.Parts(
            Api.of(List.of()),
            Authenticator.open(),
            new LifeCycle(),
            new ByteBudget(1_000_000),
            over -> {},
            new Json(1_000));
    try (ApiPort port = ApiPort.open(ServingConfig.DEFAULT.http().withPort(0), parts)) {
      assertThat(port.server.prototype().connectionOptions().tcpNoDelay()).isTrue();
    }
  }
}
