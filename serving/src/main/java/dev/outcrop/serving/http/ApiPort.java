package dev.outcrop.serving.http;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.auth.Authenticator;
import dev.outcrop.serving.config.HttpConfig;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.json.Json;
import dev.outcrop.serving.tls.Certificates;
import dev.outcrop.serving.transport.ByteBudget;
import dev.outcrop.serving.transport.Connections;
import dev.outcrop.serving.transport.TransportLimits;
import io.helidon.common.socket.SocketOptions;
import io.helidon.webserver.WebServer;
import java.time.Duration;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The port of the API, cleartext or TLS, HTTP/1.1 and HTTP/2 at once. Started and stopped by one
 * thread.
 */
public final class ApiPort implements AutoCloseable {
  private static final int MAX_FRAME = 16_384;
  private static final Duration GRACE = Duration.ofSeconds(2);
  private static final Duration IDLE_LOOK = Duration.ofSeconds(30);

  final WebServer server;
  private final Connections connections;
  private final @Nullable Certificates certificates;

  private ApiPort(WebServer server, Connections connections, @Nullable Certificates certificates) {
    this.server = server;
    this.connections = connections;
    this.certificates = certificates;
  }

  /**
   * What the port serves.
   *
   * @param bodies memory for the bodies of all requests
   */
  public record Parts(
      Api api,
      Authenticator authenticator,
      LifeCycle lifeCycle,
      ByteBudget bodies,
      RequestListener listener,
      Json json) {}

  /** Opens the port. */
  public static ApiPort open(HttpConfig config, Parts parts) {
    ApiPort port = of(config, parts);
    try {
      port.server.start();
      if (!port.server.isRunning()) { // Helidon 4.5 only logs that a port is taken.
        throw new IllegalStateException("the server is not running");
      }
      return port;
    } catch (RuntimeException e) {
      port.release();
      throw new OutcropException(
          ServingError.START_FAILED,
          "cannot listen on %s port %d".formatted(config.host(), config.port()),
          e);
    }
  }

  /** The port's number. */
  public int port() {
    return server.port();
  }

  /**
   * Tells all clients to open new connections for what comes next, which they may do elsewhere;
   * what is open goes on.
   *
   * @param thoseToCome whether the same is told on connections that come from now on
   */
  public void retire(boolean thoseToCome) {
    connections.retire(thoseToCome);
  }

  /**
   * Waits until no connection is open, for as long as clients may need to read what they were told,
   * or to be told with their next request.
   *
   * @param timeout how long at most; some clients keep a connection on which nothing is
   */
  public void awaitNoConnection(Duration timeout) throws InterruptedException {
    connections.awaitNone(timeout);
  }

  /** Closes the port; what still runs is cut off after a short while. */
  @Override
  public void close() {
    release();
    server.stop();
  }

  private void release() {
    connections.close();
    if (certificates != null) {
      certificates.close();
    }
  }

  /**
   * The head of an HTTP/2 answer and its data are two writes, and so is each token: without this
   * the second waits until the client has confirmed the first, which it puts off for up to 40 ms.
   */
  private static void writeAtOnce(SocketOptions.Builder socket) {
    socket.tcpNoDelay(true);
  }

  private static ApiPort of(HttpConfig config, Parts parts) {
    int maxBody = Math.toIntExact(config.maxBody().bytes());
    Certificates certificates = Certificates.open(config.tls());
    Connections connections = new Connections(limits(config, maxBody, parts.bodies), certificates);
    ErrorWriter errors = new ErrorWriter(parts.json, ApiPort::newId);
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
                ApiPort::newId,
                config.maxRequests(),
                maxBody));
    WebServer server =
        WebServer.builder()
            .host(config.host())
            .port(config.port())
            .connectionOptions(ApiPort::writeAtOnce)
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
    return new ApiPort(server, connections, certificates);
  }

  private static TransportLimits limits(HttpConfig http, int maxBody, ByteBudget bodies) {
    return new TransportLimits(
        MAX_FRAME,
        maxBody,
        http.requestTimeout(),
        http.writeTimeout(),
        http.connectionAge(),
        bodies);
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  private static String newId() {
    return UUID.randomUUID().toString();
  }
}
