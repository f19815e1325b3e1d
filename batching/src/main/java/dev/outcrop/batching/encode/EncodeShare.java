package dev.outcrop.batching.encode;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One tenant: its texts that wait, by padded length, and the service it got by its weight. */
final class EncodeShare {
  /** Texts in, queued and running; under the door's lock. */
  int requests;

  /** The rest belongs to the planner's thread. */
  double weight = 1;

  double counter;
  private final List<ArrayDeque<EncodeItem>> queues = new ArrayList<>();
  private int size;

  EncodeShare(int buckets) {
    for (int i = 0; i < buckets; i++) {
      queues.add(new ArrayDeque<>());
    }
  }

  int size() {
    return size;
  }

  void add(EncodeItem item) {
    weight = item.weight;
    queues.get(item.bucket).add(item);
    size++;
  }

  boolean remove(EncodeItem item) {
    boolean there = queues.get(item.bucket).remove(item);
    size -= there ? 1 : 0;
    return there;
  }

  @Nullable EncodeItem first(int bucket) {
    return queues.get(bucket).peek();
  }

  /** The one that has waited longest, or null. */
  @Nullable EncodeItem oldest() {
    EncodeItem oldest = null;
    for (ArrayDeque<EncodeItem> queue : queues) {
      EncodeItem first = queue.peek();
      if (first != null && (oldest == null || first.due < oldest.due)) {
        oldest = first;
      }
    }
    return oldest;
  }
}
