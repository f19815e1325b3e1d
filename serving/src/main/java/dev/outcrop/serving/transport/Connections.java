package dev.outcrop.serving.transport;

import io.helidon.common.socket.HelidonSocket;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.spi.ServerConnectionSelector;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;

/** The open connections of one listener. Safe to use from any thread. */
public final class Connections implements AutoCloseable {
  /** How far the age of a connection may be from what is configured, as a part of it. */
  private static final double SPREAD = 0.2;

  private final Map<String, Line> lines = new ConcurrentHashMap<>();
  private final AtomicLong opened = new AtomicLong();
  private final TransportLimits limits;
  private final @Nullable Supplier<SSLEngine> engines;
  private final LongSupplier nanoTime;
  private final DoubleSupplier random;
  private final Thread watchdog;
  private volatile boolean retiring;

  /**
   * Creates an empty set and begins to watch over it.
   *
   * @param engines the server's side of TLS for a new connection; null for cleartext
   */
  public Connections(TransportLimits limits, @Nullable Supplier<SSLEngine> engines) {
    this(limits, engines, System::nanoTime, () -> ThreadLocalRandom.current().nextDouble());
  }

  /**
   * The same by another clock.
   *
   * @param random numbers from 0 to 1, which spread the ages of connections
   */
  Connections(
      TransportLimits limits,
      @Nullable Supplier<SSLEngine> engines,
      LongSupplier nanoTime,
      DoubleSupplier random) {
    this.limits = limits;
    this.engines = engines;
    this.nanoTime = nanoTime;
    this.random = random;
    this.watchdog =
        Thread.ofVirtual().name("outcrop-watchdog").start(new Watchdog(lines.values(), limits));
  }

  /** What makes connections of both protocols for a listener. */
  public ServerConnectionSelector selector() {
    return new DualProtocolSelector(this, limits, engines);
  }

  /**
   * A request's thread begins with it.
   *
   * @return whether the answer has to say that it is the connection's last, which it then is
   */
  public boolean begun(ServerRequest request) {
    Line line = line(request);
    return line != null && line.begun();
  }

  /**
   * All connections are to end when what is open on them has; their clients are told. Returns at
   * once.
   *
   * @param thoseToCome whether that holds for those that come from now on, too
   */
  public void retire(boolean thoseToCome) {
    if (thoseToCome) {
      retiring = true;
    }
    lines.values().forEach(Line::retire);
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

  /** Begins to write to the client of a request; on the request's thread. */
  public Sending sending(ServerRequest request) {
    Line line = line(request);
    if (line == null) {
      return Sending.ended();
    }
    // HTTP/1.1 knows no windows, and its client is only watched when nothing of a body is left.
    return line.watch() instanceof FrameFilter frames
        ? line.send(frames.watch(request.id()))
        : Sending.unwatched();
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

  /**
   * Waits until all connections have ended, which their clients or {@link #retire} do.
   *
   * @return whether that came in time
   */
  public boolean awaitNone(Duration timeout) throws InterruptedException {
    long until = nanoTime.getAsLong() + timeout.toNanos();
    synchronized (lines) {
      while (!lines.isEmpty()) {
        long left = until - nanoTime.getAsLong();
        if (left <= 0) {
          return false;
        }
        lines.wait(Math.max(1, left / 1_000_000));
      }
      return true;
    }
  }

  /** Stops watching, and ends the connections that have sent nothing yet. */
  @Override
  public void close() {
    watchdog.interrupt();
    lines.values().stream().filter(line -> !line.established()).forEach(Line::hangUp);
  }

  /** A connection that was accepted. */
  Line accepted(HelidonSocket socket) {
    double spread = 1 + SPREAD * (2 * random.getAsDouble() - 1);
    return new Line(socket, nanoTime, (long) (limits.connectionAge().toNanos() * spread));
  }

  /**
   * A connection was accepted.
   *
   * @return the id that its context must bear
   */
  String opened(Line line) {
    String id = Long.toHexString(opened.incrementAndGet());
    lines.put(id, line);
    if (retiring) {
      line.retire();
    }
    return id;
  }

  void closed(String id) {
    Line line = lines.remove(id);
    if (line != null) {
      line.end();
    }
    synchronized (lines) {
      lines.notifyAll();
    }
  }

  @Nullable Line line(ConnectionContext context) {
    return lines.get(context.childSocketId());
  }

  private @Nullable Line line(ServerRequest request) {
    return lines.get(request.socketId());
  }
}
