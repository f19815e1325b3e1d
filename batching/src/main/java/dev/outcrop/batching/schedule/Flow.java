package dev.outcrop.batching.schedule;

import dev.outcrop.batching.Tier;
import java.util.Arrays;

/**
 * One tenant in one tier: what it has waiting, and its virtual token counter, the service it got
 * divided by its weight. Belongs to a {@link FairQueue} and its thread.
 *
 * <p>Its waiting sequences are a binary heap by deadline, then arrival, then prefix affinity.
 */
public final class Flow {
  static final int NOWHERE = -1;

  final int tenant;
  final Tier tier;
  double weight;
  double counter;
  int running;
  int place = NOWHERE;
  private Sequence[] heap = new Sequence[4];
  private int size;

  /**
   * Creates a flow that has nothing.
   *
   * @param tenant a small number, the same for all tiers of a tenant
   * @param tier the tier
   * @param weight the tenant's share, at least 1
   */
  public Flow(int tenant, Tier tier, double weight) {
    this.tenant = tenant;
    this.tier = tier;
    this.weight = weight;
  }

  /** The tenant's weight from now on. */
  public void weight(double newWeight) {
    weight = newWeight;
  }

  /** Whether it has neither waiting nor running sequences. */
  public boolean idle() {
    return size == 0 && running == 0;
  }

  /** The virtual token counter: weighted service so far, with lifts. */
  public double counter() {
    return counter;
  }

  int waiting() {
    return size;
  }

  /** The first in order; there is one. */
  Sequence first() {
    return heap[0];
  }

  void add(Sequence sequence) {
    if (size == heap.length) {
      heap = Arrays.copyOf(heap, 2 * size);
    }
    put(sequence, size++);
    up(sequence.heapIndex);
  }

  void remove(Sequence sequence) {
    int hole = sequence.heapIndex;
    Sequence last = heap[--size];
    Arrays.fill(heap, size, size + 1, null);
    sequence.heapIndex = NOWHERE;
    if (hole < size) {
      put(last, hole);
      up(hole);
      down(last.heapIndex);
    }
  }

  private void put(Sequence sequence, int at) {
    heap[at] = sequence;
    sequence.heapIndex = at;
  }

  private void up(int from) {
    int child = from;
    while (child > 0 && heap[child].before(heap[(child - 1) / 2])) {
      swap(child, (child - 1) / 2);
      child = (child - 1) / 2;
    }
  }

  private void down(int from) {
    int parent = from;
    while (2 * parent + 1 < size) {
      int child = 2 * parent + 1;
      if (child + 1 < size && heap[child + 1].before(heap[child])) {
        child++;
      }
      if (!heap[child].before(heap[parent])) {
        return;
      }
      swap(parent, child);
      parent = child;
    }
  }

  private void swap(int one, int other) {
    Sequence held = heap[one];
    put(heap[other], one);
    put(held, other);
  }
}
