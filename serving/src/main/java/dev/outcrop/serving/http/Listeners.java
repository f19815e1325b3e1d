package dev.outcrop.serving.http;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.auth.Authenticator;
import dev.outcrop.serving.config.HttpConfig;
import dev.outcrop.serving.config.ManagementConfig;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.json.Json;
import dev.outcrop.serving.transport.Connections;
import io.helidon.webserver.WebServer;
import java.time.Duration;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The two ports: one for the API, HTTP/1.1 and cleartext HTTP/2 at once, and one for management,
 * HTTP/1.1 only. Started and stopped by one thread.
 */
public final class Listeners implements AutoCloseable {
  private static final int MAX_FRAME = 16_384;
  private static final Duration GRACE = Duration.ofSeconds(2);
  private static final Duration IDLE_LOOK = Duration.ofSeconds(30);

  private final WebServer api;
  private final WebServer management;

  private Listeners(WebServer api, WebServer management) {
    this.api = api;
    this.management = management;
  }

  /**
   * What the ports serve.
   *
   * @param alive whether the process should go on living
   * @param metrics the exposition for an Accept header
   * @param admin who may change state, or null for nobody
   * @param drain begins a drain and returns at once
   */
  public record Parts(
      Api api,
      Authenticator authenticator,
      LifeCycle lifeCycle,
      RequestListener listener,
      BooleanSupplier alive,
      Function<@Nullable String, MetricsPage> metrics,
      @Nullable Authenticator admin,
      Runnable drain,
      Json json) {}

  /** Opens both ports. */
  public static Listeners open(HttpConfig http, ManagementConfig managed, Parts parts) {
    WebServer management = management(managed, parts);
    try {
      start(management, managed.host(), managed.port());
      WebServer api = api(http, parts);
      start(api, http.host(), http.port());
      return new Listeners(api, management);
    } catch (RuntimeException e) {
      management.stop();
      throw e;
    }
  }

  /** The API's port. */
  public int port() {
    return api.port();
  }

  /** The management port. */
  public int managementPort() {
    return management.port();
  }

  /** Closes both ports; what still runs is cut off after a short while. */
  @Override
  public void close() {
    api.stop();
    management.stop();
  }

  private static WebServer api(HttpConfig config, Parts parts) {
    Connections connections = new Connections();
    ErrorWriter errors = new ErrorWriter(parts.json, Listeners::newId);
    ApiHandler handler =
        new ApiHandler(
            new ApiHandler.Parts(
                parts.api,
                parts.authenticator,
                parts.lifeCycle,
                connections,
                errors,
                parts.listener,
                Listeners::newId,
                config.maxRequests(),
                Math.toIntExact(config.maxBody().bytes())));
    return WebServer.builder()
        .host(config.host())
        .port(config.port())
        .shutdownHook(false)
        .shutdownGracePeriod(GRACE)
        .maxTcpConnections(config.maxConnections())
        .maxPayloadSize(config.maxBody().bytes())
        .idleConnectionTimeout(config.idleTimeout())
        .idleConnectionPeriod(shorter(config.idleTimeout(), IDLE_LOOK))
        .protocolsDiscoverServices(false)
        .addConnectionSelector(connections.selector(MAX_FRAME))
        .directHandlers(errors.direct())
        .routing(routing -> routing.any(handler))
        .build();
  }

  private static WebServer management(ManagementConfig config, Parts parts) {
    Management management =
        new Management(
            new Management.Parts(
                parts.lifeCycle, parts.alive, parts.metrics, parts.admin, parts.drain, parts.json));
    return WebServer.builder()
        .host(config.host())
        .port(config.port())
        .shutdownHook(false)
        .shutdownGracePeriod(GRACE)
        .maxPayloadSize(1_024)
        .protocolsDiscoverServices(false)
        .addConnectionSelector(new Connections().selector(MAX_FRAME))
        .routing(routing -> routing.register(management))
        .build();
  }

  private static void start(WebServer server, String host, int port) {
    try {
      server.start();
    } catch (RuntimeException e) {
      throw new OutcropException(
          ServingError.START_FAILED, "cannot listen on %s port %d".formatted(host, port), e);
    }
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  private static String newId() {
    return UUID.randomUUID().toString();
  }
}
