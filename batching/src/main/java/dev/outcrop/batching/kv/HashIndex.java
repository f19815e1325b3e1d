package dev.outcrop.batching.kv;

import java.util.Arrays;

/**
 * From the hash of a unit to the extent that begins with it: open addressing over arrays, at most
 * half full, no allocation unless it grows. Used by one thread.
 */
final class HashIndex {
  static final int NONE = -1;

  private long[] left;
  private long[] right;
  private int[] extent;
  private int size;

  HashIndex(int expected) {
    int slots = Integer.highestOneBit(Math.max(8, expected)) * 4;
    left = new long[slots];
    right = new long[slots];
    extent = new int[slots];
    Arrays.fill(extent, NONE);
  }

  int get(long high, long low) {
    int slot = slot(high, low);
    return extent[slot];
  }

  /** Adds a key that is not there. */
  void put(long high, long low, int value) {
    if (2 * (size + 1) > extent.length) {
      grow();
    }
    int slot = slot(high, low);
    left[slot] = high;
    right[slot] = low;
    extent[slot] = value;
    size++;
  }

  /** Removes a key that is there, and closes the gap. */
  void remove(long high, long low) {
    int mask = extent.length - 1;
    int gap = slot(high, low);
    size--;
    for (int next = (gap + 1) & mask; extent[next] != NONE; next = (next + 1) & mask) {
      int home = (int) left[next] & mask;
      boolean reachesGap = ((next - home) & mask) >= ((next - gap) & mask);
      if (reachesGap) {
        left[gap] = left[next];
        right[gap] = right[next];
        extent[gap] = extent[next];
        gap = next;
      }
    }
    extent[gap] = NONE;
  }

  private int slot(long high, long low) {
    int mask = extent.length - 1;
    int slot = (int) high & mask;
    while (extent[slot] != NONE && (left[slot] != high || right[slot] != low)) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private void grow() {
    HashIndex larger = new HashIndex(extent.length / 2);
    for (int slot = 0; slot < extent.length; slot++) {
      if (extent[slot] != NONE) {
        larger.put(left[slot], right[slot], extent[slot]);
      }
    }
    left = larger.left;
    right = larger.right;
    extent = larger.extent;
  }
}
