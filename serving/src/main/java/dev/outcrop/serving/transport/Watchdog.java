package dev.outcrop.serving.transport;

import java.time.Duration;
import java.util.Collection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hangs up on clients that keep the server waiting for too long, or gives up single HTTP/2 streams
 * of theirs. A thread of its own.
 */
final class Watchdog implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(Watchdog.class);
  private static final Duration LONGEST_LOOK = Duration.ofSeconds(1);
  private static final int LOOKS = 10;

  private final Collection<Line> lines;
  private final Duration request;
  private final Duration write;

  Watchdog(Collection<Line> lines, Duration request, Duration write) {
    this.lines = lines;
    this.request = request;
    this.write = write;
  }

  @Override
  public void run() {
    Duration shorter = request.compareTo(write) < 0 ? request : write;
    Duration part = shorter.dividedBy(LOOKS).plusMillis(1);
    Duration look = part.compareTo(LONGEST_LOOK) < 0 ? part : LONGEST_LOOK;
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
    if (line.overdue(request, write)) {
      LOG.debug("a client kept its connection waiting for too long");
      try {
        line.hangUp();
      } catch (RuntimeException e) {
        // One connection must not end the watch over all.
        LOG.warn("a connection could not be ended: {}", e.getClass().getName());
      }
    } else {
      line.giveUpLate(request);
    }
  }
}
