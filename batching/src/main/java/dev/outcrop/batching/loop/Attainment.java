package dev.outcrop.batching.loop;

import java.time.Duration;

/**
 * How many of the last requests missed one target, over a sliding window of {@value #SLICES}
 * slices. Written by the engine thread; what others read is a copy that never changes, so that the
 * window slides for them while nothing happens.
 */
final class Attainment {
  static final int SLICES = 30;

  private final double budget;
  private final long sliceNanos;
  private final long origin;
  private final int[] all = new int[SLICES];
  private final int[] missed = new int[SLICES];
  private long newest;
  private boolean changed;
  private volatile Window window;

  /**
   * Creates an empty window.
   *
   * @param budget the share of requests that may miss the target
   * @param length how far back it reaches
   * @param now the clock's time
   */
  Attainment(double budget, Duration length, long now) {
    this.budget = budget;
    this.sliceNanos = Math.max(1, length.toNanos() / SLICES);
    this.origin = now;
    this.window = new Window(all.clone(), missed.clone(), 0);
  }

  private record Window(int[] all, int[] missed, long newest) {
    double share(long slice) {
      long requests = 0;
      long misses = 0;
      for (long i = Math.max(0, slice - SLICES + 1); i <= newest; i++) {
        requests += all[(int) (i % SLICES)];
        misses += missed[(int) (i % SLICES)];
      }
      return requests == 0 ? 0 : (double) misses / requests;
    }
  }

  /** Engine thread: a request met the target or missed it. */
  void count(boolean missedIt, long now) {
    long slice = slice(now);
    for (long i = Math.max(newest + 1, slice - SLICES + 1); i <= slice; i++) {
      all[(int) (i % SLICES)] = 0;
      missed[(int) (i % SLICES)] = 0;
    }
    newest = Math.max(newest, slice);
    all[(int) (newest % SLICES)]++;
    missed[(int) (newest % SLICES)] += missedIt ? 1 : 0;
    changed = true;
  }

  /** Engine thread: shows what was counted. */
  void publish() {
    if (changed) {
      window = new Window(all.clone(), missed.clone(), newest);
      changed = false;
    }
  }

  /** Any thread: the share of requests that missed the target, over the share that may. */
  double burn(long now) {
    return window.share(slice(now)) / budget;
  }

  private long slice(long now) {
    return Math.max(0, now - origin) / sliceNanos;
  }
}
