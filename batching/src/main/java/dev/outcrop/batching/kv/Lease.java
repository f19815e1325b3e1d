package dev.outcrop.batching.kv;

import java.util.Arrays;

/**
 * What one running sequence holds of the KV arena: first the units it shares read-only with others,
 * then its own, which grow with it. Written by {@link KvCache} alone; reused without allocation.
 */
public final class Lease {
  private final Runs runs = new Runs();
  private int units;
  private int shared;
  private int extents;
  private int[] extent = new int[8];

  /** Creates a lease of nothing. */
  public Lease() {}

  /** Where the sequence's tokens lie, in order. */
  public Runs runs() {
    return runs;
  }

  /** Units held, shared ones included. */
  public int units() {
    return units;
  }

  /** Units at the front that others may read too. */
  public int shared() {
    return shared;
  }

  int extents() {
    return extents;
  }

  int extent(int index) {
    return extent[index];
  }

  void share(int id, int start, int count) {
    pinned(id);
    runs.append(start, count);
    units += count;
    shared += count;
  }

  /** Units that were the lease's own are an extent from now on. */
  void published(int id, int count) {
    pinned(id);
    shared += count;
  }

  /** The last extent of the lease became longer by units that were its own. */
  void extended(int count) {
    shared += count;
  }

  void own(int start, int count) {
    runs.append(start, count);
    units += count;
  }

  void clear() {
    runs.clear();
    units = 0;
    shared = 0;
    extents = 0;
  }

  private void pinned(int id) {
    if (extents == extent.length) {
      extent = Arrays.copyOf(extent, 2 * extents);
    }
    extent[extents++] = id;
  }
}
