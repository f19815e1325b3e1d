package dev.outcrop.batching.kv;

import java.util.Arrays;

/**
 * The free runs of an arena: found by where they begin or end in one look, and by length through
 * lists of runs of about the same length (segregated fits with boundary tags). Plain arrays by
 * unit, no allocation after construction. Runs never touch each other; {@link KvAllocator} sees to
 * that.
 */
final class FreeRuns {
  static final int NONE = -1;

  /** Lengths below this have a list each; above, there are four lists for each power of two. */
  private static final int EXACT = 64;

  private static final int LOG_EXACT = 6;
  private static final int LISTS = EXACT + 4 * (Integer.SIZE - LOG_EXACT);

  private final int[] lengthFrom;
  private final int[] lengthUpTo;
  private final int[] before;
  private final int[] after;
  private final int[] head = new int[LISTS];
  private final long[] filled = new long[(LISTS + 63) / 64];
  private int count;

  /** Creates none, for an arena of so many units. */
  FreeRuns(int units) {
    lengthFrom = new int[units + 1];
    lengthUpTo = new int[units + 1];
    before = new int[units + 1];
    after = new int[units + 1];
    Arrays.fill(head, NONE);
  }

  int count() {
    return count;
  }

  /** Length of the run that begins with this unit, or 0. */
  int from(int unit) {
    return lengthFrom[unit];
  }

  /** Length of the run that ends before this unit, or 0. */
  int upTo(int unit) {
    return lengthUpTo[unit];
  }

  void add(int start, int length) {
    lengthFrom[start] = length;
    lengthUpTo[start + length] = length;
    int list = list(length);
    int first = head[list];
    before[start] = NONE;
    after[start] = first;
    if (first == NONE) {
      filled[list >> 6] |= 1L << list;
    } else {
      before[first] = start;
    }
    head[list] = start;
    count++;
  }

  void remove(int start) {
    int length = lengthFrom[start];
    lengthFrom[start] = 0;
    lengthUpTo[start + length] = 0;
    int list = list(length);
    if (before[start] == NONE) {
      head[list] = after[start];
      if (after[start] == NONE) {
        filled[list >> 6] &= ~(1L << list);
      }
    } else {
      after[before[start]] = after[start];
    }
    if (after[start] != NONE) {
      before[after[start]] = before[start];
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
    int found = head[list];
    if (list < EXACT) {
      return found;
    }
    int best = NONE;
    for (; found != NONE; found = after[found]) {
      int length = lengthFrom[found];
      if (length >= wanted && (best == NONE || length < lengthFrom[best])) {
        best = found;
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
    for (int run = best; run != NONE; run = after[run]) {
      best = lengthFrom[run] > lengthFrom[best] ? run : best;
    }
    return best;
  }

  private int nextFilled(int from) {
    int word = from >> 6;
    if (word == filled.length) {
      return NONE;
    }
    long rest = filled[word] & (-1L << from);
    while (rest == 0) {
      if (++word == filled.length) {
        return NONE;
      }
      rest = filled[word];
    }
    return 64 * word + Long.numberOfTrailingZeros(rest);
  }

  private static int list(int length) {
    if (length < EXACT) {
      return length;
    }
    int log = 31 - Integer.numberOfLeadingZeros(length);
    return EXACT + 4 * (log - LOG_EXACT) + ((length >> (log - 2)) & 3);
  }
}
