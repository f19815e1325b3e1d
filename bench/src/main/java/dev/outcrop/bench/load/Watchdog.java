package dev.outcrop.bench.load;

import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Interrupts threads whose requests take too long. Safe for many threads. */
final class Watchdog implements AutoCloseable {
  private final ScheduledThreadPoolExecutor timer;

  Watchdog() {
    timer =
        new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().daemon().name("watchdog").factory());
    timer.setRemoveOnCancelPolicy(true);
  }

  /** Watches the calling thread until a moment, by System.nanoTime, or until that is closed. */
  Watch until(long nanos) {
    Watch watch = new Watch(Thread.currentThread());
    watch.bark =
        timer.schedule(watch, Math.max(0, nanos - System.nanoTime()), TimeUnit.NANOSECONDS);
    return watch;
  }

  /** One thread that is watched. It is never interrupted after the watch is closed. */
  static final class Watch implements Runnable, AutoCloseable {
    private final Thread watched;
    private ScheduledFuture<?> bark;
    private boolean over;
    private boolean barked;

    @SuppressWarnings("NullAway.Init") // set by until() before anybody sees it
    private Watch(Thread watched) {
      this.watched = watched;
    }

    @Override
    public synchronized void run() {
      if (!over) {
        barked = true;
        watched.interrupt();
      }
    }

    /** Whether the time was up. */
    synchronized boolean timedOut() {
      return barked;
    }

    @Override
    public synchronized void close() {
      over = true;
      bark.cancel(false);
      if (barked) {
        Thread.interrupted(); // it was ours
      }
    }
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
