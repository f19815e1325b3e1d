package dev.outcrop.batching.kv;

import java.util.Arrays;

/**
 * Who holds which units of the KV arena. Accounting only: the memory belongs to the engine. Used by
 * one thread.
 *
 * <p>Free units are kept as intervals sorted by start, never empty and never adjacent, so that a
 * sequence gets one contiguous run whenever there is one: attention over one segment needs no merge
 * of partial results. The tightest interval that fits is taken, which keeps long ones for long
 * sequences.
 */
public final class KvAllocator {
  private static final int ROOMY = 4;

  private final int units;
  private int freeUnits;
  private int intervals;
  private int[] start = new int[8];
  private int[] length = new int[8];

  /** Creates the accounting of an arena in which everything is free. */
  public KvAllocator(int units) {
    if (units < 1) {
      throw new IllegalArgumentException("an arena needs at least one unit");
    }
    this.units = units;
    this.freeUnits = units;
    this.intervals = 1;
    this.length[0] = units;
  }

  /** Units of the arena. */
  public int units() {
    return units;
  }

  /** Units nobody holds. */
  public int freeUnits() {
    return freeUnits;
  }

  /** Contiguous runs that the free units form. */
  public int freeRuns() {
    return intervals;
  }

  /**
   * Takes units: one run where one is long enough, else several, the largest first.
   *
   * @param wanted how many units
   * @param into takes the runs; holds nothing before
   * @return whether there were enough; if not, nothing is taken
   */
  public boolean allocate(int wanted, Runs into) {
    if (wanted < 1 || into.count() != 0) {
      throw new IllegalArgumentException("allocate at least one unit, into empty runs");
    }
    if (wanted > freeUnits) {
      return false;
    }
    int left = wanted;
    while (left > 0) {
      int interval = tightest(left);
      int taken = Math.min(left, length[interval]);
      into.add(start[interval], taken);
      shrink(interval, taken);
      left -= taken;
    }
    freeUnits -= wanted;
    return true;
  }

  /**
   * Takes units like {@link #allocate}, but for somebody who grows: in the middle of the longest
   * free run, so that whoever lies before it and the new one both have room behind them.
   */
  public boolean allocateRoomy(int wanted, Runs into) {
    int longest = tightest(units + 1);
    if (wanted < 1 || wanted > freeUnits || length[longest] < wanted || into.count() != 0) {
      return allocate(wanted, into);
    }
    boolean roomForTwo = start[longest] > 0 && length[longest] >= ROOMY * wanted;
    int offset = roomForTwo ? (length[longest] - wanted) / 2 : 0;
    int behind = length[longest] - offset - wanted;
    int first = start[longest] + offset;
    into.add(first, wanted);
    freeUnits -= wanted;
    length[longest] = offset;
    if (offset == 0) {
      remove(longest);
    }
    if (behind > 0) {
      insert(firstIntervalFrom(first), first + wanted, behind);
    }
    return true;
  }

  /** Takes up to so many units that begin at a certain one; answers how many were free there. */
  public int takeAt(int first, int wanted) {
    int interval = Arrays.binarySearch(start, 0, intervals, first);
    if (interval < 0) {
      return 0;
    }
    int taken = Math.min(wanted, length[interval]);
    shrink(interval, taken);
    freeUnits -= taken;
    return taken;
  }

  /** Free units from this one on without a gap. */
  int freeFrom(int unit) {
    int last = firstIntervalFrom(unit + 1) - 1;
    return last < 0 ? 0 : Math.max(0, start[last] + length[last] - unit);
  }

  /** Free units up to, but without, this one without a gap. */
  int freeUpTo(int unit) {
    int before = firstIntervalFrom(unit) - 1;
    return before >= 0 && start[before] + length[before] == unit ? length[before] : 0;
  }

  /** Units of the longest free run. */
  public int longestFree() {
    int longest = 0;
    for (int i = 0; i < intervals; i++) {
      longest = Math.max(longest, length[i]);
    }
    return longest;
  }

  /** Gives all units of the runs back and empties them. */
  public void free(Runs runs) {
    for (int i = 0; i < runs.count(); i++) {
      free(runs.start(i), runs.units(i));
    }
    runs.clear();
  }

  /** The shortest interval that holds this many units, or the longest one when none does. */
  private int tightest(int wanted) {
    int best = 0;
    for (int i = 1; i < intervals; i++) {
      boolean better =
          length[best] >= wanted
              ? length[i] >= wanted && length[i] < length[best]
              : length[i] > length[best];
      if (better) {
        best = i;
      }
    }
    return best;
  }

  private void shrink(int interval, int taken) {
    start[interval] += taken;
    length[interval] -= taken;
    if (length[interval] == 0) {
      remove(interval);
    }
  }

  /** Gives units back. */
  void free(int first, int count) {
    int after = firstIntervalFrom(first);
    boolean overlaps =
        first < 0
            || first + count > units
            || (after > 0 && start[after - 1] + length[after - 1] > first)
            || (after < intervals && first + count > start[after]);
    if (overlaps) {
      throw new IllegalStateException("units %d+%d are free already".formatted(first, count));
    }
    boolean joinsLeft = after > 0 && start[after - 1] + length[after - 1] == first;
    boolean joinsRight = after < intervals && first + count == start[after];
    if (joinsLeft) {
      length[after - 1] += count;
      if (joinsRight) {
        length[after - 1] += length[after];
        remove(after);
      }
    } else if (joinsRight) {
      start[after] = first;
      length[after] += count;
    } else {
      insert(after, first, count);
    }
    freeUnits += count;
  }

  private int firstIntervalFrom(int unit) {
    int found = Arrays.binarySearch(start, 0, intervals, unit);
    return found >= 0 ? found : -found - 1;
  }

  private void insert(int at, int first, int count) {
    if (intervals == start.length) {
      start = Arrays.copyOf(start, intervals * 2);
      length = Arrays.copyOf(length, intervals * 2);
    }
    System.arraycopy(start, at, start, at + 1, intervals - at);
    System.arraycopy(length, at, length, at + 1, intervals - at);
    start[at] = first;
    length[at] = count;
    intervals++;
  }

  private void remove(int at) {
    intervals--;
    System.arraycopy(start, at + 1, start, at, intervals - at);
    System.arraycopy(length, at + 1, length, at, intervals - at);
  }
}
