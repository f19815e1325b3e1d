package dev.outcrop.batching.loop;

/**
 * Up to how many running requests a replica keeps the token interval. A pure function of what the
 * scheduler learned of its decodes, and nothing that was profiled.
 *
 * <p>Prompts of others get a part of every step, so decodes keep the interval where {@value
 * Demand#HEADROOM} times what they take alone is within it. Between two batch sizes that were
 * measured the time is taken to grow evenly, and beyond the largest as it grew up to there: an
 * estimate that gets better as more requests run. A larger batch that takes less than a smaller one
 * shows that the smaller was measured badly, as by the first steps after a start: it counts as if
 * it had taken no longer.
 */
final class Knee {
  private Knee() {}

  /** What a step of so many decodes takes, in nanoseconds; 0 where nothing like it was measured. */
  interface DecodeTimes {
    double of(int decodes);
  }

  /**
   * The most running requests, 0 where fewer than two sizes are known, and these are quick enough.
   *
   * @param maxRunning the most requests that may run
   * @param intervalNanos the time between two tokens to keep; 0 where none is
   */
  static int of(DecodeTimes times, int maxRunning, long intervalNanos) {
    if (intervalNanos == 0) {
      return 0;
    }
    double limit = intervalNanos / Demand.HEADROOM;
    int least = 0; // the size that took the least
    double atLeast = Double.MAX_VALUE;
    int last = 0; // the largest that is quick enough
    int over = 0; // the first beyond it
    double atOver = 0;
    int known = 0;
    // Measurements are shared by two sizes per power of two; these are the least of each.
    for (int size = 1; size <= maxRunning; size = next(size)) {
      double nanos = times.of(size);
      if (nanos == 0) {
        continue;
      }
      known++;
      if (nanos < atLeast) {
        least = size;
        atLeast = nanos;
      }
      if (nanos <= limit) {
        last = size;
        over = 0;
      } else {
        atOver = over == 0 ? nanos : Math.min(atOver, nanos);
        over = over == 0 ? size : over;
      }
    }
    if (over > 0) {
      return last == 0
          ? Math.max(1, (int) (over * limit / atOver))
          : between(times, limit, last, over, atOver);
    }
    if (known <= 1) {
      return last == maxRunning ? maxRunning : 0;
    }
    return least == last
        ? maxRunning
        : Math.min(maxRunning, meets(limit, least, atLeast, last, times.of(last)));
  }

  /** Where shapes are compiled, all sizes between two of them take as long as the larger. */
  private static int between(DecodeTimes times, double limit, int last, int over, double atOver) {
    int size = meets(limit, last, times.of(last), over, atOver);
    return times.of(size) > limit ? last : size;
  }

  /** Where the line through two measurements meets the limit, between or beyond them. */
  private static int meets(double limit, int a, double atA, int b, double atB) {
    double size = a + (limit - atA) * (b - a) / (atB - atA);
    return (int) Math.min(size + 1e-9, Integer.MAX_VALUE); // a whole number may come out just below
  }

  /** 1, 2, 3, 4, 6, 8, 12, 16, .. */
  private static int next(int size) {
    int power = Integer.highestOneBit(size);
    return size == power && size > 1 ? size + size / 2 : 2 * power;
  }
}
