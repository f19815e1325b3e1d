package dev.outcrop.serving.transport;

import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What a connection may still send before its client asks for more (RFC 9113 section 5.2.1).
 * Helidon 4.5 looks at the window of an HTTP/2 connection, writes, and only then notes that it did,
 * so streams that write at once overrun it, upon which a client, or Helidon itself, ends the
 * connection. So each piece of an answer is taken from here first; errors, which are small, are
 * not. Safe to use from any thread.
 */
public final class SendWindow {
  private static final long FIRST = 65_535;

  /** Who has taken room may wait for the window of its own stream; so nobody takes all of it. */
  private static final int SHARES = 8;

  private static final long LEAST = 2_048;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final long longestNanos;
  private long open;
  private long taken;
  private boolean closed;

  private SendWindow(long open, long longestNanos) {
    this.open = open;
    this.longestNanos = longestNanos;
  }

  /** That of a new HTTP/2 connection, whose client may keep it shut for so long. */
  static SendWindow http2(long longestNanos) {
    return new SendWindow(FIRST, longestNanos);
  }

  /** One that is never shut. */
  public static SendWindow unlimited() {
    return new SendWindow(Long.MAX_VALUE, 0);
  }

  /** One of a connection that is over. */
  static SendWindow ended() {
    SendWindow window = unlimited();
    window.close();
    return window;
  }

  /**
   * Takes room for bytes that are about to be written, and waits until there is any.
   *
   * @param want at least 1
   * @param client of the stream that they are for
   * @return for how many; {@link #give} is to be called when they are written, or failed to be
   * @throws UncheckedIOException where the client goes away or keeps the window shut
   */
  public int take(int want, ClientWatch client) {
    lock.lock();
    try {
      long wait = longestNanos;
      while (open - taken <= 0 || closed) {
        if (closed || client.gone()) {
          throw new UncheckedIOException(new SocketException("the client went away"));
        }
        if (wait <= 0) {
          throw new UncheckedIOException(new SocketTimeoutException("the window stayed shut"));
        }
        wait = changed.awaitNanos(wait);
      }
      long left = open - taken;
      int part = (int) Math.min(want, Math.min(left, Math.max(left / SHARES, LEAST)));
      taken += part;
      return part;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UncheckedIOException(new InterruptedIOException("interrupted"));
    } finally {
      lock.unlock();
    }
  }

  /** Room that was taken is not needed any more: what was written of it is {@link #sent}. */
  public void give(int part) {
    change(0, -part);
  }

  /** The client takes so much more. */
  void granted(int bytes) {
    change(bytes, 0);
  }

  /** So many bytes of answers went out, which is nothing to wake anybody for. */
  void sent(int bytes) {
    lock.lock();
    try {
      open -= bytes;
    } finally {
      lock.unlock();
    }
  }

  /** Lets those who wait look whether their client is gone. */
  void wake() {
    change(0, 0);
  }

  /** The connection is over. */
  void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void change(int more, int held) {
    lock.lock();
    try {
      open += more;
      taken += held;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
