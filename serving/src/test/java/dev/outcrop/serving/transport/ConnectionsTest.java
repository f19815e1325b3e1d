package dev.outcrop.serving.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.testing.Await;
import dev.outcrop.serving.testing.RawHttp;
import io.helidon.common.buffers.BufferData;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.spi.ServerConnectionSelector;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;

final class ConnectionsTest {
  private static final TransportLimits LIMITS =
      new TransportLimits(
          16_384,
          100,
          Duration.ofMinutes(5),
          Duration.ofMinutes(5),
          Duration.ZERO,
          new ByteBudget(1_000));

  private final BlockingQueue<ClientWatch> watches = new LinkedBlockingQueue<>();

  /** Helidon's ids are identity hash codes, so now and then two connections have the same one. */
  private record SameIds(ServerConnectionSelector to) implements ServerConnectionSelector {
    @Override
    public int bytesToIdentifyConnection() {
      return to.bytesToIdentifyConnection();
    }

    @Override
    public Support supports(BufferData data) {
      return to.supports(data);
    }

    @Override
    public Set<String> supportedApplicationProtocols() {
      return to.supportedApplicationProtocols();
    }

    @Override
    public ServerConnection connection(ConnectionContext context) {
      return to.connection(
          new WatchedContext(context, "1", context.dataReader(), context.dataWriter(), false));
    }
  }

  @Test
  void keepsConnectionsApartToWhichHelidonGivesTheSameId() throws Exception {
    try (Connections connections = new Connections(LIMITS, null)) {
      WebServer server =
          WebServer.builder()
              .port(0)
              .shutdownHook(false)
              .protocolsDiscoverServices(false)
              .addConnectionSelector(new SameIds(connections.selector()))
              .routing(r -> r.any((request, response) -> answer(connections, request, response)))
              .build()
              .start();
      try (RawHttp one = new RawHttp(server.port())) {
        ClientWatch first = watched(one);
        ClientWatch second;
        try (RawHttp other = new RawHttp(server.port())) {
          second = watched(other);
          assertThat(second.gone()).isFalse();
        }
        Await.until(second::gone);
        assertThat(first.gone()).isFalse();
        assertThat(watched(one).gone()).isFalse();
      } finally {
        server.stop();
      }
    }
  }

  private void answer(Connections connections, ServerRequest request, ServerResponse response) {
    watches.add(connections.watch(request));
    response.send("here");
  }

  private ClientWatch watched(RawHttp http) throws Exception {
    http.write(RawHttp.request("GET", "/", "", ""));
    assertThat(http.response().status()).isEqualTo(200);
    return watches.take();
  }
}
