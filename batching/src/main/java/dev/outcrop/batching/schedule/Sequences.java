package dev.outcrop.batching.schedule;

import java.util.Arrays;

/** A list of sequences that allocates only while it grows. A sequence is in one list at a time. */
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
    sequence.place = size;
    items[size++] = sequence;
  }

  /** Removes one; the last one takes its place, so that all others stay where they are. */
  void remove(Sequence sequence) {
    Sequence last = items[--size];
    items[sequence.place] = last;
    last.place = sequence.place;
    sequence.place = Flow.NOWHERE;
    Arrays.fill(items, size, size + 1, null);
  }

  /** Removes one and keeps the order of the others. */
  void removeInOrder(Sequence sequence) {
    for (int i = sequence.place + 1; i < size; i++) {
      items[i].place = i - 1;
      items[i - 1] = items[i];
    }
    sequence.place = Flow.NOWHERE;
    size--;
    Arrays.fill(items, size, size + 1, null);
  }

  /** Drops those that are not in this phase any more and keeps the order of the others. */
  void keep(Sequence.Phase phase) {
    int kept = 0;
    for (int i = 0; i < size; i++) {
      Sequence sequence = items[i];
      if (sequence.phase == phase) {
        sequence.place = kept;
        items[kept++] = sequence;
      }
    }
    Arrays.fill(items, kept, size, null);
    size = kept;
  }

  /**
   * Reads what planning is about to read of each. Between two steps all of it has left the
   * processor's caches; without the work in between many of the reads are under way at a time.
   */
  int touch() {
    int sum = 0;
    for (int i = 0; i < size; i++) {
      sum += items[i].runs.units(0);
    }
    return sum;
  }
}
