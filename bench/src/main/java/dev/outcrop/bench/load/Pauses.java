package dev.outcrop.bench.load;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/**
 * Watches whether this process gets to run when it wants to: a thread of the system and a virtual
 * one, which requests have too, sleep for a moment over and over and note by how much they woke
 * late. A client that pauses takes its own pauses for the server's.
 */
final class Pauses implements AutoCloseable {
  private static final long SLEEP = TimeUnit.MILLISECONDS.toNanos(5);
  private static final double MICROS_PER_MS = 1e3;

  private final Lateness ofSystem = new Lateness();
  private final Lateness ofVirtual = new Lateness();
  private final List<Thread> threads;
  private volatile boolean over;

  /** By how much one thread woke late. Safe for many threads. */
  static final class Lateness {
    private final Histogram micros = new Histogram(3);

    /**
     * Who sleeps through a pause wakes once where it would have woken many times: those it missed
     * are late too (coordinated omission).
     */
    synchronized void woke(long lateNanos) {
      micros.recordValueWithExpectedInterval(Math.max(0, lateNanos / 1_000), SLEEP / 1_000);
    }

    synchronized double p99Ms() {
      return micros.getTotalCount() == 0 ? 0 : micros.getValueAtPercentile(99) / MICROS_PER_MS;
    }
  }

  Pauses() {
    threads =
        List.of(
            Thread.ofPlatform().daemon().name("pauses").start(() -> watch(ofSystem)),
            Thread.ofVirtual().name("virtual pauses").start(() -> watch(ofVirtual)));
  }

  private void watch(Lateness lateness) {
    while (!over) {
      long due = System.nanoTime() + SLEEP;
      LockSupport.parkNanos(SLEEP);
      lateness.woke(System.nanoTime() - due);
    }
  }

  /** By so much the later of the two was late in one of a hundred cases. */
  double p99Ms() {
    return Math.max(ofSystem.p99Ms(), ofVirtual.p99Ms());
  }

  @Override
  public void close() {
    over = true;
    threads.forEach(Thread::interrupt);
  }
}
