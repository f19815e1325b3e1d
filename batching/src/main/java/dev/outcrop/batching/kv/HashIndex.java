package dev.outcrop.batching.kv;

import java.util.Arrays;

/**
 * From the hash of a unit to the extent that begins with it: open addressing, at most half full, no
 * allocation unless it grows. A slot's two halves of the hash and its value lie side by side, so
 * that a look-up mostly reads one line of memory. Used by one thread.
 */
final class HashIndex {
  static final int NONE = -1;

  private static final int SLOT = 4;
  private static final int VALUE = 2;

  private long[] table;
  private int mask;
  private int size;

  HashIndex(int expected) {
    clear(Integer.highestOneBit(Math.max(8, expected)) * 4);
  }

  private void clear(int slots) {
    table = new long[SLOT * slots];
    mask = slots - 1;
    size = 0;
    Arrays.fill(table, NONE);
  }

  int get(long high, long low) {
    return (int) table[slot(high, low) + VALUE];
  }

  /** Adds a key that is not there. */
  void put(long high, long low, int value) {
    if (2 * (size + 1) > mask) {
      grow();
    }
    int at = slot(high, low);
    table[at] = high;
    table[at + 1] = low;
    table[at + VALUE] = value;
    size++;
  }

  /** Removes a key that is there, and closes the gap. */
  void remove(long high, long low) {
    int gap = slot(high, low);
    size--;
    for (int next = after(gap); table[next + VALUE] != NONE; next = after(next)) {
      int home = SLOT * ((int) table[next] & mask);
      int end = SLOT * mask + SLOT - 1;
      boolean reachesGap = ((next - home) & end) >= ((next - gap) & end);
      if (reachesGap) {
        System.arraycopy(table, next, table, gap, SLOT);
        gap = next;
      }
    }
    table[gap + VALUE] = NONE;
  }

  /** Where a key is, or where it would be put. */
  private int slot(long high, long low) {
    int at = SLOT * ((int) high & mask);
    while (table[at + VALUE] != NONE && (table[at] != high || table[at + 1] != low)) {
      at = after(at);
    }
    return at;
  }

  private int after(int at) {
    return (at + SLOT) & (SLOT * mask + SLOT - 1);
  }

  private void grow() {
    long[] old = table;
    clear(2 * (mask + 1));
    for (int at = 0; at < old.length; at += SLOT) {
      if (old[at + VALUE] != NONE) {
        put(old[at], old[at + 1], (int) old[at + VALUE]);
      }
    }
  }
}
