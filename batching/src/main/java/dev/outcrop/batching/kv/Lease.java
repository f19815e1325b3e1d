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
  private int[] extent = new int[16]; // and how many units it had, side by side

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

  /** Whether the units that it shares with nobody lie in more than one place. */
  public boolean inPieces() {
    int last = runs.count() - 1;
    return last > 0 && runs.units(last) < units - shared;
  }

  int extents() {
    return extents;
  }

  /** The extent that some of the shared units belong to, or belonged to before it was split. */
  int extent(int index) {
    return extent[2 * index];
  }

  /** How many units: all that the extent has, or had. */
  int extentUnits(int index) {
    return extent[2 * index + 1];
  }

  void share(int id, int start, int count) {
    pinned(id, count);
    runs.append(start, count);
    units += count;
  }

  /** Units that were the lease's own are an extent from now on. */
  void published(int id, int count) {
    pinned(id, count);
  }

  /** The last extent of the lease became longer by units that were its own. */
  void extended(int count) {
    extent[2 * extents - 1] += count;
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

  private void pinned(int id, int count) {
    if (2 * extents == extent.length) {
      extent = Arrays.copyOf(extent, 4 * extents);
    }
    extent[2 * extents] = id;
    extent[2 * extents + 1] = count;
    extents++;
    shared += count;
  }
}
