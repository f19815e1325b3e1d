package dev.outcrop.serving.http;

import dev.outcrop.batching.Health;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.auth.Authenticator;
import dev.outcrop.serving.config.HttpConfig;
import dev.outcrop.serving.config.ManagementConfig;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.json.Json;
import dev.outcrop.serving.tls.Certificates;
import dev.outcrop.serving.transport.ByteBudget;
import dev.outcrop.serving.transport.Connections;
import dev.outcrop.serving.transport.TransportLimits;
import io.helidon.common.socket.SocketOptions;
import io.helidon.webserver.WebServer;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The two ports: one for the API, cleartext or TLS, and one for management, cleartext; each
 * HTTP/1.1 and HTTP/2 at once. Started and stopped by one thread.
 */
public final class Listeners implements AutoCloseable {
  private static final int MAX_FRAME = 16_384;
  private static final Duration GRACE = Duration.ofSeconds(2);
  private static final Duration IDLE_LOOK = Duration.ofSeconds(30);

  /** Probes, scrapers and operators; each opens a few. */
  private static final int MANAGEMENT_CONNECTIONS = 1_024;

  private static final int MANAGEMENT_BODY = 1_024;
  private static final long MANAGEMENT_MEMORY = 1_024 * 1_024;

  final Port api;
  final Port management;

  private Listeners(Port api, Port management) {
    this.api = api;
    this.management = management;
  }

  /** One port. */
  record Port(WebServer server, Connections connections, @Nullable Certificates certificates) {
    Port started(String host, int port) {
      try {
        server.start();
        if (!server.isRunning()) { // Helidon 4.5 only logs that a port is taken.
          throw new IllegalStateException("the server is not running");
        }
        return this;
      } catch (RuntimeException e) {
        release();
        throw new OutcropException(
            ServingError.START_FAILED, "cannot listen on %s port %d".formatted(host, port), e);
      }
    }

    void stop() {
      release();
      server.stop();
    }

    private void release() {
      connections.close();
      if (certificates != null) {
        certificates.close();
      }
    }
  }

  /**
   * What the ports serve.
   *
   * @param bodies memory for the bodies of all requests to the API
   * @param health how each model's engine loop is; the process lives while all do
   * @param metrics the exposition for an Accept header
   * @param admin who may change state, or null for nobody
   * @param drain begins a drain and returns at once
   */
  public record Parts(
      Api api,
      Authenticator authenticator,
      LifeCycle lifeCycle,
      ByteBudget bodies,
      RequestListener listener,
      Supplier<Map<String, Health>> health,
      Function<@Nullable String, MetricsPage> metrics,
      @Nullable Authenticator admin,
      Runnable drain,
      Json json) {}

  /** Opens both ports. */
  public static Listeners open(HttpConfig http, ManagementConfig managed, Parts parts) {
    Port management = management(http, managed, parts).started(managed.host(), managed.port());
    try {
      return new Listeners(api(http, parts).started(http.host(), http.port()), management);
    } catch (RuntimeException e) {
      management.stop();
      throw e;
    }
  }

  /** The API's port. */
  public int port() {
    return api.server.port();
  }

  /** The management port. */
  public int managementPort() {
    return management.server.port();
  }

  /** Closes both ports; what still runs is cut off after a short while. */
  @Override
  public void close() {
    api.stop();
    management.stop();
  }

  /**
   * The head of an HTTP/2 answer and its data are two writes, and so is each token: without this
   * the second waits until the client has confirmed the first, which it puts off for up to 40 ms.
   */
  private static void writeAtOnce(SocketOptions.Builder socket) {
    socket.tcpNoDelay(true);
  }

  private static Port api(HttpConfig config, Parts parts) {
    int maxBody = Math.toIntExact(config.maxBody().bytes());
    Certificates certificates = Certificates.open(config.tls());
    Connections connections = new Connections(limits(config, maxBody, parts.bodies), certificates);
    ErrorWriter errors = new ErrorWriter(parts.json, Listeners::newId);
    ApiHandler handler =
        new ApiHandler(
            new ApiHandler.Parts(
                parts.api,
                parts.authenticator,
                parts.lifeCycle,
                parts.authenticator.isOpen() ? new LocalOnly(config.host()) : null,
                connections,
                parts.bodies,
                errors,
                parts.listener,
                Listeners::newId,
                config.maxRequests(),
                maxBody));
    WebServer server =
        WebServer.builder()
            .host(config.host())
            .port(config.port())
            .connectionOptions(Listeners::writeAtOnce)
            .shutdownHook(false)
            .shutdownGracePeriod(GRACE)
            .maxTcpConnections(config.maxConnections())
            .maxPayloadSize(maxBody)
            .idleConnectionTimeout(config.idleTimeout())
            .idleConnectionPeriod(shorter(config.idleTimeout(), IDLE_LOOK))
            .protocolsDiscoverServices(false)
            .addConnectionSelector(connections.selector())
            .directHandlers(errors.direct())
            .routing(routing -> routing.any(handler))
            .build();
    return new Port(server, connections, certificates);
  }

  private static Port management(HttpConfig http, ManagementConfig config, Parts parts) {
    Connections connections =
        new Connections(limits(http, MANAGEMENT_BODY, new ByteBudget(MANAGEMENT_MEMORY)), null);
    Bodies bodies = new Bodies(connections, MANAGEMENT_BODY);
    Management management =
        new Management(
            new Management.Parts(
                parts.lifeCycle,
                parts.health,
                parts.metrics,
                parts.admin,
                parts.drain,
                parts.json));
    WebServer server =
        WebServer.builder()
            .host(config.host())
            .port(config.port())
            .connectionOptions(Listeners::writeAtOnce)
            .shutdownHook(false)
            .shutdownGracePeriod(GRACE)
            .maxTcpConnections(MANAGEMENT_CONNECTIONS)
            .maxPayloadSize(MANAGEMENT_BODY)
            .idleConnectionTimeout(http.idleTimeout())
            .idleConnectionPeriod(shorter(http.idleTimeout(), IDLE_LOOK))
            .protocolsDiscoverServices(false)
            .addConnectionSelector(connections.selector())
            .routing(routing -> routing.addFilter(bodies::without).register(management))
            .build();
    return new Port(server, connections, null);
  }

  private static TransportLimits limits(HttpConfig http, int maxBody, ByteBudget bodies) {
    return new TransportLimits(
        MAX_FRAME, maxBody, http.requestTimeout(), http.writeTimeout(), bodies);
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  private static String newId() {
    return UUID.randomUUID().toString();
  }
}
