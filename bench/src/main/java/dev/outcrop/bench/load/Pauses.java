package dev.outcrop.bench.load;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/**
 * Watches whether this process gets to run when it wants to: a thread that sleeps for a moment over
 * and over, and notes by how much it woke late. A client that pauses takes its own pauses for the
 * server's.
 */
final class Pauses implements AutoCloseable {
  private static final long SLEEP = TimeUnit.MILLISECONDS.toNanos(5);
  private static final double MICROS_PER_MS = 1e3;

  private final Histogram micros = new Histogram(3);
  private final Thread thread;
  private volatile boolean over;

  Pauses() {
    thread = Thread.ofPlatform().daemon().name("pauses").start(this::watch);
  }

  private void watch() {
    while (!over) {
      long due = System.nanoTime() + SLEEP;
      LockSupport.parkNanos(SLEEP);
      long late = System.nanoTime() - due;
      synchronized (micros) {
        micros.recordValue(Math.max(0, late / 1_000));
      }
    }
  }

  /** By so much it woke late in one of a hundred cases, since the last call. */
  double p99Ms() {
    synchronized (micros) {
      double p99 = micros.getTotalCount() == 0 ? 0 : micros.getValueAtPercentile(99);
      micros.reset();
      return p99 / MICROS_PER_MS;
    }
  }

  @Override
  public void close() {
    over = true;
    thread.interrupt();
  }
}
