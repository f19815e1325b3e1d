package dev.outcrop.serving.transport;

import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.spi.ServerConnectionSelector;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;

/** The open connections of one listener. Safe to use from any thread. */
public final class Connections implements AutoCloseable {
  private final Map<String, Line> lines = new ConcurrentHashMap<>();
  private final AtomicLong opened = new AtomicLong();
  private final TransportLimits limits;
  private final @Nullable Supplier<SSLEngine> engines;
  private final Thread watchdog;

  /**
   * Creates an empty set and begins to watch over it.
   *
   * @param engines the server's side of TLS for a new connection; null for cleartext
   */
  public Connections(TransportLimits limits, @Nullable Supplier<SSLEngine> engines) {
    this.limits = limits;
    this.engines = engines;
    this.watchdog =
        Thread.ofVirtual()
            .name("outcrop-watchdog")
            .start(new Watchdog(lines.values(), limits.requestTimeout(), limits.writeTimeout()));
  }

  /** What makes connections of both protocols for a listener. */
  public ServerConnectionSelector selector() {
    return new DualProtocolSelector(this, limits, engines);
  }

  /** A request's thread begins with it. */
  public void begun(ServerRequest request) {
    Line line = line(request);
    if (line != null) {
      line.begun();
    }
  }

  /** A request's thread is done with it, and with what its client still sent. */
  public void over(ServerRequest request) {
    Line line = line(request);
    if (line != null) {
      line.over(request.id());
    }
  }

  /** Watches the client of a request whose body was read in full; on the request's thread. */
  public ClientWatch watch(ServerRequest request) {
    Line line = line(request);
    ConnectionWatch client = line == null ? null : line.watch();
    return client == null ? () -> true : client.watch(request.id());
  }

  /** What may be sent on the connection of a request. */
  public SendWindow window(ServerRequest request) {
    Line line = line(request);
    ConnectionWatch client = line == null ? null : line.watch();
    return client == null ? SendWindow.ended() : client.window();
  }

  /** Begins to read a request's body; on the request's thread. */
  public Reading reading(ServerRequest request) {
    Line line = line(request);
    return line == null ? Reading.ended() : line.read(false);
  }

  /**
   * Begins to read, and throw away, what is left of an answered request's body; on the request's
   * thread. It lasts until the client ends the stream or everything on the connection is late.
   */
  public Reading draining(ServerRequest request) {
    Line line = line(request);
    return line == null ? Reading.ended() : line.read(true);
  }

  /** Ends the connection of a request with everything that is on it. */
  public void hangUp(ServerRequest request) {
    Line line = line(request);
    if (line != null) {
      line.hangUp();
    }
  }

  /**
   * Drops what an HTTP/1.1 client still sends, until it hangs up or for two seconds. A connection
   * that is closed at once while its client sends may take the answer with it (RFC 9112 section
   * 9.6). On the request's thread, which closes the connection after this.
   */
  public void linger(ServerRequest request) {
    Line line = line(request);
    if (line != null && line.watch() instanceof ReadAhead in) {
      line.lingering();
      in.drop();
    }
  }

  /** Stops watching, and ends the connections that have sent nothing yet. */
  @Override
  public void close() {
    watchdog.interrupt();
    lines.values().stream().filter(line -> !line.established()).forEach(Line::hangUp);
  }

  /**
   * A connection was accepted.
   *
   * @return the id that its context must bear
   */
  String opened(Line line) {
    String id = Long.toHexString(opened.incrementAndGet());
    lines.put(id, line);
    return id;
  }

  void closed(String id) {
    Line line = lines.remove(id);
    if (line != null) {
      line.end();
    }
  }

  @Nullable Line line(ConnectionContext context) {
    return lines.get(context.childSocketId());
  }

  private @Nullable Line line(ServerRequest request) {
    return lines.get(request.socketId());
  }
}
