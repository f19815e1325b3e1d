package dev.outcrop.bench.load;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A few of very many values, each with the same chance to be among them (Vitter's algorithm R, ACM
 * TOMS 1985); whoever owns it guards it.
 */
final class Reservoir<T> {
  private final int most;
  private final SplittableRandom drawn;
  private final List<T> kept = new ArrayList<>();
  private long seen;

  /**
   * An empty one.
   *
   * @param most how many are kept
   * @param seed draws which
   */
  Reservoir(int most, long seed) {
    this.most = most;
    this.drawn = new SplittableRandom(seed);
  }

  void add(T value) {
    seen++;
    if (kept.size() < most) {
      kept.add(value);
      return;
    }
    long place = drawn.nextLong(seen);
    if (place < most) {
      kept.set((int) place, value);
    }
  }

  List<T> kept() {
    return List.copyOf(kept);
  }
}
