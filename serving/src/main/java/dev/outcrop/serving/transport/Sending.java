package dev.outcrop.serving.transport;

import org.jspecify.annotations.Nullable;

/**
 * A request's thread that writes its answer. Helidon 4.5 leaves a thread that waits for the window
 * of an HTTP/2 stream waiting for the whole of the flow control timeout when the connection ends or
 * the stream is reset; this one is interrupted, upon which Helidon gives the stream up.
 */
public final class Sending implements AutoCloseable {
  private final @Nullable Line line;
  private final Thread thread;
  private final ClientWatch client;
  private boolean closed;
  private boolean woken;

  Sending(@Nullable Line line, Thread thread, ClientWatch client) {
    this.line = line;
    this.thread = thread;
    this.client = client;
  }

  /** One on a connection that is over already. */
  static Sending ended() {
    Sending sending = new Sending(null, Thread.currentThread(), () -> true);
    sending.giveUp();
    return sending;
  }

  /** One that nothing wakes. */
  public static Sending unwatched() {
    return new Sending(null, Thread.currentThread(), () -> false);
  }

  /** Nothing is written for now. On the thread that wrote. */
  @Override
  public void close() {
    if (line != null) {
      line.ended(this);
    }
    synchronized (this) {
      closed = true;
      if (woken) {
        // Whoever comes next must not take this for an order to stop.
        Thread.interrupted();
      }
    }
  }

  /** Whether nobody is there to read what is written. */
  boolean gone() {
    return client.gone();
  }

  /** Wakes the thread, unless it is done or was woken. */
  synchronized void giveUp() {
    if (!closed && !woken) {
      woken = true;
      thread.interrupt();
    }
  }
}
