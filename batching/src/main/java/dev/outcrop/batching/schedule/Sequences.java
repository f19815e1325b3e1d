package dev.outcrop.batching.schedule;

import java.util.Arrays;

/** A short ordered list of sequences that allocates only while it grows. */
final class Sequences {
  private Sequence[] items = new Sequence[16];
  private int size;

  int size() {
    return size;
  }

  Sequence get(int index) {
    return items[index];
  }

  void add(Sequence sequence) {
    if (size == items.length) {
      items = Arrays.copyOf(items, 2 * size);
    }
    items[size++] = sequence;
  }

  /** Removes one and keeps the order of the others; answers where it stood, or -1. */
  int remove(Sequence sequence) {
    for (int i = 0; i < size; i++) {
      if (items[i] == sequence) {
        System.arraycopy(items, i + 1, items, i, --size - i);
        Arrays.fill(items, size, size + 1, null);
        return i;
      }
    }
    return -1;
  }

  /** Drops those that are not in this phase any more, in one pass. */
  void keep(Sequence.Phase phase) {
    int kept = 0;
    for (int i = 0; i < size; i++) {
      Sequence sequence = items[i];
      if (sequence.phase == phase) {
        items[kept++] = sequence;
      }
    }
    Arrays.fill(items, kept, size, null);
    size = kept;
  }
}
