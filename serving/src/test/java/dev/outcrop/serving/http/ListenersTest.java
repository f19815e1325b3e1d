package dev.outcrop.serving.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.auth.Authenticator;
import dev.outcrop.serving.config.ManagementConfig;
import dev.outcrop.serving.config.ServingConfig;
import dev.outcrop.serving.json.Json;
import dev.outcrop.serving.transport.ByteBudget;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** How the two ports are set up. */
final class ListenersTest {
  @Test
  void tokensDoNotWaitForTheConfirmationOfEarlierOnes() {
    Listeners.Parts parts =
        new Listeners.Parts(
            Api.of(List.of()),
            Authenticator.open(),
            new LifeCycle(),
            new ByteBudget(1_000_000),
            (operation, model, status, nanos) -> {},
            Map::of,
            accept -> new MetricsPage("text/plain", ""),
            null,
            () -> {},
            new Json(1_000));
    ServingConfig config = ServingConfig.DEFAULT;
    try (Listeners listeners =
        Listeners.open(
            config.http().withPort(0), new ManagementConfig("127.0.0.1", 0, null), parts)) {
      for (Listeners.Port port : List.of(listeners.api, listeners.management)) {
        assertThat(port.server().prototype().connectionOptions().tcpNoDelay()).isTrue();
      }
    }
  }
}
