package dev.outcrop.batching.kv;

import java.util.BitSet;

/**
 * Who holds which units of the KV arena. Accounting only: the memory belongs to the engine. Used by
 * one thread.
 *
 * <p>Free units are kept as runs that never touch, so that a sequence gets one contiguous run
 * whenever there is one: attention over one segment needs no merge of partial results. The tightest
 * run that fits is taken, which keeps long ones for long sequences.
 */
public final class KvAllocator {
  private static final int ROOMY = 4;

  private final int units;
  private final FreeRuns runs;
  private final BitSet free; // only to find a unit that is given back twice
  private int freeUnits;

  /** Creates the accounting of an arena in which everything is free. */
  public KvAllocator(int units) {
    if (units < 1) {
      throw new IllegalArgumentException("an arena needs at least one unit");
    }
    this.units = units;
    this.runs = new FreeRuns(units);
    this.free = new BitSet(units);
    free(0, units);
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
    return runs.count();
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
      int tightest = runs.tightest(left);
      int run = tightest == FreeRuns.NONE ? runs.longest() : tightest;
      int taken = Math.min(left, runs.from(run));
      into.add(run, taken);
      take(run, 0, taken);
      left -= taken;
    }
    return true;
  }

  /**
   * Takes units like {@link #allocate}, but for somebody who grows: in the middle of the longest
   * free run, so that whoever lies before it and the new one both have room behind them.
   */
  public boolean allocateRoomy(int wanted, Runs into) {
    int longest = runs.longest();
    if (wanted < 1 || wanted > freeUnits || runs.from(longest) < wanted || into.count() != 0) {
      return allocate(wanted, into);
    }
    int length = runs.from(longest);
    boolean roomForTwo = longest > 0 && length >= ROOMY * wanted;
    int offset = roomForTwo ? (length - wanted) / 2 : 0;
    into.add(longest + offset, wanted);
    take(longest, offset, wanted);
    return true;
  }

  /** Takes up to so many units that begin at a certain one; answers how many were free there. */
  public int takeAt(int first, int wanted) {
    int taken = Math.min(wanted, runs.from(first));
    if (taken > 0) {
      take(first, 0, taken);
    }
    return taken;
  }

  /** Free units that begin with this one, where a run does. */
  int freeFrom(int unit) {
    return runs.from(unit);
  }

  /** Free units that end before this one, where a run does. */
  int freeUpTo(int unit) {
    return runs.upTo(unit);
  }

  /** Units of the longest free run. */
  public int longestFree() {
    int longest = runs.longest();
    return longest == FreeRuns.NONE ? 0 : runs.from(longest);
  }

  /** Gives all units of the runs back and empties them. */
  public void free(Runs given) {
    for (int i = 0; i < given.count(); i++) {
      free(given.start(i), given.units(i));
    }
    given.clear();
  }

  private void take(int run, int offset, int taken) {
    int length = runs.from(run);
    int first = run + offset;
    runs.remove(run);
    if (offset > 0) {
      runs.add(run, offset);
    }
    if (offset + taken < length) {
      runs.add(first + taken, length - offset - taken);
    }
    free.clear(first, first + taken);
    freeUnits -= taken;
  }

  /** Gives units back. */
  void free(int first, int count) {
    int end = first + count;
    if (first < 0 || end > units || anyFree(first, end)) {
      throw new IllegalStateException("units %d+%d are free already".formatted(first, count));
    }
    free.set(first, end);
    int left = runs.upTo(first);
    int right = runs.from(end);
    if (left > 0) {
      runs.remove(first - left);
    }
    if (right > 0) {
      runs.remove(end);
    }
    runs.add(first - left, left + count + right);
    freeUnits += count;
  }

  private boolean anyFree(int from, int to) {
    for (int unit = from; unit < to; unit++) {
      if (free.get(unit)) {
        return true;
      }
    }
    return false;
  }
}
