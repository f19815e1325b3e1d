package dev.outcrop.models.torch;

import java.util.Arrays;

/** A list of numbers that keeps its room from step to step. */
final class GrowingLongs {
  private long[] values = new long[64];
  private int size;

  void clear() {
    size = 0;
  }

  int size() {
    return size;
  }

  void add(long value) {
    if (size == values.length) {
      values = Arrays.copyOf(values, values.length * 2);
    }
    values[size++] = value;
  }

  /** Replaces the last of them. */
  void setLast(long value) {
    values[size - 1] = value;
  }

  /** Writes them from a place on, and returns the one behind. */
  int write(long[] into, int at) {
    System.arraycopy(values, 0, into, at, size);
    return at + size;
  }
}
