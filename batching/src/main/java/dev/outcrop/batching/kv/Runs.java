package dev.outcrop.batching.kv;

import java.util.Arrays;

/**
 * The KV units that one sequence holds: contiguous runs in the order in which the sequence fills
 * them. Reused without allocation once its arrays have grown.
 */
public final class Runs {
  private int count;
  private int[] runs = new int[16]; // first unit and units of each, side by side

  /** Creates a holder of nothing. */
  public Runs() {}

  /** How many runs there are. */
  public int count() {
    return count;
  }

  /** First unit of a run. */
  public int start(int run) {
    return runs[2 * run];
  }

  /** Units of a run. */
  public int units(int run) {
    return runs[2 * run + 1];
  }

  void add(int firstUnit, int length) {
    if (2 * count == runs.length) {
      runs = Arrays.copyOf(runs, count * 4);
    }
    runs[2 * count] = firstUnit;
    runs[2 * count + 1] = length;
    count++;
  }

  /** Adds units behind the last run: to it where they are adjacent. */
  void append(int firstUnit, int length) {
    if (count > 0 && runs[2 * count - 2] + runs[2 * count - 1] == firstUnit) {
      runs[2 * count - 1] += length;
    } else {
      add(firstUnit, length);
    }
  }

  /** Keeps only the front of a run. */
  void cut(int run, int length) {
    runs[2 * run + 1] = length;
  }

  /** Keeps only the first runs. */
  void keep(int first) {
    count = first;
  }

  void clear() {
    count = 0;
  }
}
