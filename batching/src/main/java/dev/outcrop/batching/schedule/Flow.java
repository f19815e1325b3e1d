package dev.outcrop.batching.schedule;

import dev.outcrop.batching.Tier;
import java.util.Arrays;

/**
 * One tenant in one tier: what it has waiting, and its virtual token counter, the service it got
 * divided by its weight. Belongs to a {@link FairQueue} and its thread.
 *
 * <p>Its waiting sequences are a binary heap by deadline, then arrival, then prefix affinity; what
 * the order needs lies beside the heap, so that ordering does not read each of them from memory.
 */
public final class Flow {
  static final int NOWHERE = -1;
  private static final int KEY = 4;

  final int tenant;
  final Tier tier;
  private final ServiceTime time = new ServiceTime();
  double weight;
  double counter;
  int running;
  int place = NOWHERE;
  private Sequence[] heap = new Sequence[4];
  private long[] keys = new long[4 * KEY];
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

  /** The engine's time that it had. */
  public ServiceTime time() {
    return time;
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
      keys = Arrays.copyOf(keys, 2 * size * KEY);
    }
    int at = size++;
    put(sequence, at);
    sequence.orderInto(keys, at * KEY);
    up(at);
  }

  void remove(Sequence sequence) {
    int hole = sequence.heapIndex;
    Sequence last = heap[--size];
    Arrays.fill(heap, size, size + 1, null);
    sequence.heapIndex = NOWHERE;
    if (hole < size) {
      put(last, hole);
      System.arraycopy(keys, size * KEY, keys, hole * KEY, KEY);
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
    while (child > 0 && before(child, (child - 1) / 2)) {
      swap(child, (child - 1) / 2);
      child = (child - 1) / 2;
    }
  }

  private void down(int from) {
    int parent = from;
    while (2 * parent + 1 < size) {
      int child = 2 * parent + 1;
      if (child + 1 < size && before(child + 1, child)) {
        child++;
      }
      if (!before(child, parent)) {
        return;
      }
      swap(parent, child);
      parent = child;
    }
  }

  /** Whether one goes before another: the first number that differs decides. */
  private boolean before(int one, int other) {
    for (int i = 0; i < KEY; i++) {
      long mine = keys[one * KEY + i];
      long theirs = keys[other * KEY + i];
      if (mine != theirs) {
        return mine < theirs;
      }
    }
    return false;
  }

  private void swap(int one, int other) {
    Sequence held = heap[one];
    put(heap[other], one);
    put(held, other);
    for (int i = 0; i < KEY; i++) {
      long key = keys[one * KEY + i];
      keys[one * KEY + i] = keys[other * KEY + i];
      keys[other * KEY + i] = key;
    }
  }
}
