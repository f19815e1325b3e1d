package dev.outcrop.models.torch;

import dev.outcrop.models.engine.TokenConstraint;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Which tokens the rows of a step may take, in the form that sampling.torchscript reads. The ids
 * lie in memory of this table that libtorch reads in place, so that a step copies them once and
 * allocates nothing. Rows that share a mask share its ids. Reused from step to step by the engine
 * thread.
 */
final class MaskTable {
  private static final int NUMBERS = 4;
  private static final int ALLOWED = 1;
  private static final int FORBIDDEN = 2;

  private final int vocabulary;
  private long[] rows = new long[NUMBERS * 8];
  private TokenConstraint.Mask[] masks = new TokenConstraint.Mask[8];
  private int[] rowOf = new int[8];
  private int count;
  private int last;
  private ByteBuffer ids = allocate(1 << 12);
  private int size;

  MaskTable(int vocabulary) {
    this.vocabulary = vocabulary;
  }

  private static ByteBuffer allocate(int count) {
    return ByteBuffer.allocateDirect(Math.multiplyExact(count, Integer.BYTES))
        .order(ByteOrder.nativeOrder());
  }

  /** Begins a step. */
  void clear() {
    if (count > 0) {
      Arrays.fill(rows, 0, Math.min(rows.length, NUMBERS * (last + 1)), 0);
    }
    Arrays.fill(masks, 0, count, null);
    count = 0;
    size = 0;
  }

  /** Takes in the mask of a row, rows in ascending order. */
  @SuppressWarnings("ReferenceEquality")
  void add(int row, TokenConstraint.Mask mask) {
    last = row;
    if (NUMBERS * (row + 1) > rows.length) {
      rows = Arrays.copyOf(rows, Math.max(NUMBERS * (row + 1), 2 * rows.length));
    }
    for (int i = 0; i < count; i++) {
      if (masks[i] == mask) { // the same object; equal ones are not worth looking for
        System.arraycopy(rows, NUMBERS * rowOf[i], rows, NUMBERS * row, NUMBERS);
        return;
      }
    }
    if (count == masks.length) {
      masks = Arrays.copyOf(masks, 2 * count);
      rowOf = Arrays.copyOf(rowOf, 2 * count);
    }
    masks[count] = mask;
    rowOf[count++] = row;
    rows[NUMBERS * row] = mask.lists() ? ALLOWED : FORBIDDEN;
    rows[NUMBERS * row + 1] = size;
    put(mask.ids());
    rows[NUMBERS * row + 2] = size;
    rows[NUMBERS * row + 3] = Math.min(vocabulary, mask.vocabulary());
  }

  private void put(int[] listed) {
    int known = listed.length; // the tokenizer may have tokens that the model has not
    while (known > 0 && listed[known - 1] >= vocabulary) {
      known--;
    }
    if (size + known > ids.capacity() / Integer.BYTES) {
      ByteBuffer larger = allocate(Math.max(size + known, 2 * (ids.capacity() / Integer.BYTES)));
      larger.put(0, ids, 0, size * Integer.BYTES);
      ids = larger;
    }
    ids.asIntBuffer().put(size, listed, 0, known);
    size += known;
  }

  /** Whether no row has a mask. */
  boolean isEmpty() {
    return count == 0;
  }

  /** The table for some rows: empty where none has a mask. */
  long[] rows(int of) {
    if (count == 0) {
      return new long[0];
    }
    return Arrays.copyOf(rows, NUMBERS * of);
  }

  /** The ids as int32; read until the next step. */
  ByteBuffer ids() {
    return ids.slice(0, size * Integer.BYTES).order(ByteOrder.nativeOrder());
  }

  /** How many ids there are. */
  int size() {
    return size;
  }
}
