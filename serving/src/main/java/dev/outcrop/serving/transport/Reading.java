package dev.outcrop.serving.transport;

import org.jspecify.annotations.Nullable;

/**
 * A request's thread that reads its body. Helidon 4.5 leaves a thread that waits for data of an
 * HTTP/2 stream waiting for ever when the connection ends; this one is interrupted, upon which
 * Helidon pretends that the body ended: see {@link #cut}.
 */
public final class Reading implements AutoCloseable {
  private final @Nullable Line line;
  private final Thread thread;
  private final long sinceNanos;

  Reading(@Nullable Line line, Thread thread, long sinceNanos) {
    this.line = line;
    this.thread = thread;
    this.sinceNanos = sinceNanos;
  }

  /** One on a connection that is over already. */
  static Reading late() {
    Reading reading = new Reading(null, Thread.currentThread(), 0);
    reading.wake();
    return reading;
  }

  /** Whether the connection ended, so that what was read may be cut short. */
  public boolean cut() {
    return line == null || line.over();
  }

  /** The body was read, or given up. */
  @Override
  public void close() {
    if (line != null) {
      line.ended(this);
    }
  }

  long sinceNanos() {
    return sinceNanos;
  }

  void wake() {
    thread.interrupt();
  }
}
