package dev.outcrop.serving.transport;

import io.helidon.common.concurrency.limits.Limit;
import io.helidon.common.task.InterruptableTask;
import io.helidon.http.HttpException;
import io.helidon.http.RequestException;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.spi.ServerConnection;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection that is closed politely only when no request is open on it. Helidon 4.5 closes an
 * HTTP/2 connection at the client's next frame, in the middle of responses, both when it counts as
 * idle and when the server stops.
 */
final class PoliteConnection implements ServerConnection, InterruptableTask<Void> {
  private static final Logger LOG = LoggerFactory.getLogger(PoliteConnection.class);
  private static final Duration LOOK = Duration.ofMillis(50);

  private final ServerConnection to;
  private final Runnable onEnd;
  private final AtomicBoolean closing = new AtomicBoolean();
  private volatile boolean over;

  PoliteConnection(ServerConnection to, Runnable onEnd) {
    this.to = to;
    this.onEnd = onEnd;
  }

  @Override
  public void handle(Limit limit) throws InterruptedException {
    try {
      to.handle(limit);
    } catch (CloseConnectionException | UncheckedIOException | HttpException | RequestException e) {
      throw e;
    } catch (RuntimeException e) {
      // Helidon would log it with its stack, and with what the client sent, once per connection.
      LOG.debug("a connection broke the protocol: {}", e.getClass().getName());
      throw new CloseConnectionException("the client broke the protocol", e);
    } finally {
      over = true;
      onEnd.run();
    }
  }

  @Override
  public boolean canInterrupt() {
    return to instanceof InterruptableTask<?> task && task.canInterrupt();
  }

  @Override
  public Duration idleTime() {
    return canInterrupt() ? to.idleTime() : Duration.ZERO;
  }

  @Override
  public void close(boolean interrupt) {
    if (interrupt || canInterrupt()) {
      to.close(interrupt);
    } else if (closing.compareAndSet(false, true)) {
      Thread.ofVirtual().name("outcrop-polite-close").start(this::closeWhenQuiet);
    }
  }

  private void closeWhenQuiet() {
    try {
      while (!over && !canInterrupt()) {
        Thread.sleep(LOOK);
      }
      if (!over) {
        to.close(false);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
