package dev.outcrop.batching.kv;

import java.util.Arrays;

/**
 * Rows of sixteen numbers: all that is known of a thing lies side by side, mostly in one line of
 * memory.
 */
final class IntTable {
  private static final int ROW = 16;

  private int[] cells = new int[16 * ROW];

  /** Doubles the rows. */
  void grow() {
    cells = Arrays.copyOf(cells, 2 * cells.length);
  }

  int get(int row, int column) {
    return cells[ROW * row + column];
  }

  void set(int row, int column, int value) {
    cells[ROW * row + column] = value;
  }

  /** Adds to a number; answers what it is then. */
  int add(int row, int column, int change) {
    return cells[ROW * row + column] += change;
  }

  /** A number of two columns. */
  long getLong(int row, int column) {
    return (long) get(row, column) << 32 | (get(row, column + 1) & 0xffffffffL);
  }

  void setLong(int row, int column, long value) {
    set(row, column, (int) (value >>> 32));
    set(row, column + 1, (int) value);
  }
}
