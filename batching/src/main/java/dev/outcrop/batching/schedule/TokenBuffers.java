package dev.outcrop.batching.schedule;

/**
 * Arrays for sequences that have outgrown the one they came with, used again: a waiting sequence
 * costs little more than its prompt, and growth allocates nothing once as many of its size have run
 * at a time. Sizes are powers of two.
 */
final class TokenBuffers {
  private static final int LEAST = 64;

  private final int[][][] free = new int[32][8][];
  private final int[] count = new int[32];
  private int lent;

  int[] take(int tokens) {
    int size = size(Math.max(LEAST, tokens));
    lent++;
    return count[size] > 0 ? free[size][--count[size]] : new int[1 << size];
  }

  void give(int[] buffer) {
    int size = size(buffer.length);
    if (count[size] == free[size].length) {
      free[size] = java.util.Arrays.copyOf(free[size], 2 * count[size]);
    }
    free[size][count[size]++] = buffer;
    lent--;
  }

  /** Buffers that were taken and not given back. */
  int lent() {
    return lent;
  }

  private static int size(int tokens) {
    return 32 - Integer.numberOfLeadingZeros(tokens - 1);
  }
}
