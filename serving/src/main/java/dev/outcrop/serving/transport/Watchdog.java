package dev.outcrop.serving.transport;

import java.time.Duration;
import java.util.Collection;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hangs up on clients that keep the server waiting for too long, or gives up single HTTP/2 streams
 * of theirs, and retires connections that are old. A thread of its own.
 */
final class Watchdog implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(Watchdog.class);
  private static final Duration LONGEST_LOOK = Duration.ofSeconds(1);
  private static final int LOOKS = 10;

  private final Collection<Line> lines;
  private final Duration request;
  private final Duration write;
  private final Duration look;

  Watchdog(Collection<Line> lines, TransportLimits limits) {
    this.lines = lines;
    this.request = limits.requestTimeout();
    this.write = limits.writeTimeout();
    this.look =
        Stream.of(request, write, limits.connectionAge())
            .filter(Duration::isPositive)
            .map(limit -> limit.dividedBy(LOOKS).plusMillis(1))
            .reduce(LONGEST_LOOK, (one, other) -> one.compareTo(other) < 0 ? one : other);
  }

  @Override
  public void run() {
    try {
      while (true) {
        Thread.sleep(look);
        lines.forEach(this::look);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void look(Line line) {
    if (line.over()) {
      return;
    }
    try {
      if (line.overdue(request, write)) {
        LOG.debug("a client kept its connection waiting for too long");
        line.hangUp();
      } else {
        line.giveUp(request);
        line.age();
      }
    } catch (RuntimeException e) {
      // One connection must not end the watch over all.
      LOG.warn("a connection could not be ended: {}", e.getClass().getName());
    }
  }
}
