package dev.outcrop.serving.transport;

import java.util.concurrent.TimeUnit;

/**
 * The end of an HTTP/1.1 connection (RFC 9112 section 9.6): the next answer says {@code Connection:
 * close}. A request may be on its way to a connection that is idle, and no word can stop it, so an
 * idle one is closed only after it was for a while.
 */
final class Http1End implements ConnectionEnd {
  private static final long QUIET = TimeUnit.SECONDS.toNanos(5);

  private final Line line;
  private volatile boolean due;

  Http1End(Line line) {
    this.line = line;
  }

  @Override
  public void retire(long now) {
    due = true;
  }

  @Override
  public boolean begun(long now) {
    if (due) {
      line.last();
    }
    return due;
  }

  @Override
  public void look(long now) {
    if (due && line.idleNanos(now) > QUIET) {
      line.last();
    }
  }
}
