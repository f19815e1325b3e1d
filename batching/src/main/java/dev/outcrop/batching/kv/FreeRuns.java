package dev.outcrop.batching.kv;

import java.util.Arrays;

/**
 * The free runs of an arena: found by where they begin or end in one look, and by length through
 * lists of runs of about the same length (segregated fits with boundary tags). Plain arrays, no
 * allocation after construction. Runs never touch each other; {@link KvAllocator} sees to that.
 */
final class FreeRuns {
  static final int NONE = -1;

  /** Lengths below this have a list each; above, there are four lists for each power of two. */
  private static final int EXACT = 64;

  private static final int LOG_EXACT = 6;
  private static final int LISTS = EXACT + 4 * (Integer.SIZE - LOG_EXACT);

  // What is known of a unit lies side by side, so that a look at a run reads one line of memory.
  private static final int UNIT = 4;
  private static final int FROM = 0; // length of the run that begins with it
  private static final int UP_TO = 1; // length of the run that ends before it
  private static final int BEFORE = 2; // neighbours in the list of the run that begins with it
  private static final int AFTER = 3;

  private final int[] table;
  private final int[] head = new int[LISTS];
  private final long[] filled = new long[(LISTS + 63) / 64];
  private int count;

  /** Creates none, for an arena of so many units. */
  FreeRuns(int units) {
    table = new int[UNIT * (units + 1)];
    Arrays.fill(head, NONE);
  }

  int count() {
    return count;
  }

  /** Length of the run that begins with this unit, or 0. */
  int from(int unit) {
    return table[UNIT * unit + FROM];
  }

  /** Length of the run that ends before this unit, or 0. */
  int upTo(int unit) {
    return table[UNIT * unit + UP_TO];
  }

  void add(int start, int length) {
    int list = list(length);
    int first = head[list];
    table[UNIT * start + FROM] = length;
    table[UNIT * (start + length) + UP_TO] = length;
    table[UNIT * start + BEFORE] = NONE;
    table[UNIT * start + AFTER] = first;
    if (first == NONE) {
      filled[list >> 6] |= 1L << list;
    } else {
      table[UNIT * first + BEFORE] = start;
    }
    head[list] = start;
    count++;
  }

  void remove(int start) {
    int length = from(start);
    int before = table[UNIT * start + BEFORE];
    int after = table[UNIT * start + AFTER];
    table[UNIT * start + FROM] = 0;
    table[UNIT * (start + length) + UP_TO] = 0;
    if (before != NONE) {
      table[UNIT * before + AFTER] = after;
    } else {
      int list = list(length);
      head[list] = after;
      if (after == NONE) {
        filled[list >> 6] &= ~(1L << list);
      }
    }
    if (after != NONE) {
      table[UNIT * after + BEFORE] = before;
    }
    count--;
  }

  /** Where the shortest run that is long enough begins, or {@link #NONE}. */
  int tightest(int wanted) {
    int list = list(wanted);
    int found = shortest(list, wanted);
    while (found == NONE) {
      list = nextFilled(list + 1);
      if (list == NONE) {
        return NONE;
      }
      found = shortest(list, wanted);
    }
    return found;
  }

  private int shortest(int list, int wanted) {
    if (list < EXACT) {
      return head[list];
    }
    int best = NONE;
    for (int run = head[list]; run != NONE; run = table[UNIT * run + AFTER]) {
      int length = from(run);
      if (length >= wanted && (best == NONE || length < from(best))) {
        best = run;
      }
    }
    return best;
  }

  /** Where the longest run begins, or {@link #NONE}. */
  int longest() {
    int best = NONE;
    for (int word = filled.length - 1; word >= 0 && best == NONE; word--) {
      if (filled[word] != 0) {
        best = head[64 * word + 63 - Long.numberOfLeadingZeros(filled[word])];
      }
    }
    for (int run = best; run != NONE; run = table[UNIT * run + AFTER]) {
      best = from(run) > from(best) ? run : best;
    }
    return best;
  }

  private int nextFilled(int from) {
    for (int word = from >> 6; word < filled.length; word++) {
      long rest = filled[word] & (word == from >> 6 ? -1L << from : -1L);
      if (rest != 0) {
        return 64 * word + Long.numberOfTrailingZeros(rest);
      }
    }
    return NONE;
  }

  private static int list(int length) {
    if (length < EXACT) {
      return length;
    }
    int log = 31 - Integer.numberOfLeadingZeros(length);
    return EXACT + 4 * (log - LOG_EXACT) + ((length >> (log - 2)) & 3);
  }
}
