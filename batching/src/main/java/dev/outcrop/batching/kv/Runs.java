package dev.outcrop.batching.kv;

import java.util.Arrays;

/**
 * The KV units that one sequence holds: contiguous runs in the order in which the sequence fills
 * them. Reused without allocation once its arrays have grown.
 */
public final class Runs {
  private int count;
  private int[] start = new int[8];
  private int[] units = new int[8];

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

  /** Adds units behind the last run: to it where they are adjacent. */
  void append(int firstUnit, int length) {
    if (count > 0 && start[count - 1] + units[count - 1] == firstUnit) {
      units[count - 1] += length;
    } else {
      add(firstUnit, length);
    }
  }

  /** Keeps only the front of a run. */
  void cut(int run, int length) {
    units[run] = length;
  }

  /** Keeps only the first runs. */
  void keep(int runs) {
    count = runs;
  }

  void clear() {
    count = 0;
  }
}
