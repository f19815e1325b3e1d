package dev.outcrop.batching.kv;

import java.util.Arrays;

/**
 * The KV units that one sequence holds: contiguous runs in the order in which the sequence fills
 * them. Reused without allocation once its arrays have grown.
 */
public final class Runs {
  private int count;
  private int[] start = new int[1];
  private int[] units = new int[1];

  /** Creates a holder of nothing. */
  public Runs() {}

  /** How many runs there are. */
  public int count() {
    return count;
  }

  /** First unit of a run. */
  public int start(int run) {
    return start[run];
  }

  /** Units of a run. */
  public int units(int run) {
    return units[run];
  }

  void add(int firstUnit, int length) {
    if (count == start.length) {
      start = Arrays.copyOf(start, count * 2);
      units = Arrays.copyOf(units, count * 2);
    }
    start[count] = firstUnit;
    units[count] = length;
    count++;
  }

  void clear() {
    count = 0;
  }
}
