package dev.outcrop.batching.encode;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Texts to encode in one forward pass, all of nearly the same length. Written by the planner, read
 * by the encoder on the same thread, and reused.
 */
public final class EncodeBatch {
  private final List<EncodeItem> items = new ArrayList<>();
  private int length;

  EncodeBatch() {}

  /** Texts in the batch. */
  public int rows() {
    return items.size();
  }

  /** Tokens that every row is padded to. */
  public int length() {
    return length;
  }

  /** The token ids of all rows, without padding; read only. */
  public int[][] tokens() {
    int[][] ids = new int[items.size()][];
    for (int row = 0; row < ids.length; row++) {
      ids[row] = items.get(row).tokens;
    }
    return ids;
  }

  /** The token ids of a row, without padding; read only. */
  public int[] tokens(int row) {
    return items.get(row).tokens;
  }

  /** The token types of a row, read only; null where all are 0. */
  public int @Nullable [] types(int row) {
    return items.get(row).types;
  }

  void clear(int paddedLength) {
    items.clear();
    length = paddedLength;
  }

  void add(EncodeItem item) {
    items.add(item);
  }

  EncodeItem item(int row) {
    return items.get(row);
  }

  /** Counts only: token ids are user content and stay out of logs. */
  @Override
  public String toString() {
    return "EncodeBatch[rows=%d, length=%d]".formatted(rows(), length);
  }
}
