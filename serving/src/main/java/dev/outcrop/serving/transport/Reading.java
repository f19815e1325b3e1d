package dev.outcrop.serving.transport;

import org.jspecify.annotations.Nullable;

/**
 * A request's thread that reads its body. Helidon 4.5 leaves a thread that waits for data of an
 * HTTP/2 stream waiting for ever when the connection ends or the data does not come; this one is
 * interrupted, upon which Helidon pretends that the body ended: see {@link #cut} and {@link #late}.
 */
public final class Reading implements AutoCloseable {
  private final @Nullable Line line;
  private final Thread thread;
  private final long sinceNanos;
  private final boolean patient;
  private boolean closed;
  private volatile boolean late;

  Reading(@Nullable Line line, Thread thread, long sinceNanos, boolean patient) {
    this.line = line;
    this.thread = thread;
    this.sinceNanos = sinceNanos;
    this.patient = patient;
  }

  /** One on a connection that is over already. */
  static Reading ended() {
    Reading reading = new Reading(null, Thread.currentThread(), 0, true);
    reading.wake();
    return reading;
  }

  /** Whether the connection ended, so that what was read may be cut short. */
  public boolean cut() {
    return line == null || line.over();
  }

  /** Whether the body took longer than it may, so that what was read may be cut short. */
  public boolean late() {
    return late;
  }

  /** The body was read, or given up. On the thread that read it. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      if (late && !cut()) {
        // Whoever comes next must not take this for an order to stop.
        Thread.interrupted();
      }
    }
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

  /** Wakes the thread because its body is late, unless it is patient or done. */
  synchronized void giveUp() {
    if (!closed && !late && !patient) {
      late = true;
      wake();
    }
  }
}
