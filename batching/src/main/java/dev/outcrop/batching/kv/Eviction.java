package dev.outcrop.batching.kv;

/**
 * Which cached extents give way. Mostly the least recently used, but a sequence in one piece is
 * cheaper to read than one in many, at every step of its life: so the oldest extent goes together
 * with its neighbours in the arena when that makes a free run that is long enough.
 */
final class Eviction {
  private static final int TRIES = 8;

  /** With more than one unit in so many free, nothing has to give way for the sake of places. */
  private static final int PLENTY = 8;

  private final KvAllocator free;
  private final Extents extents;
  private int low;
  private int high;

  Eviction(KvAllocator free, Extents extents) {
    this.free = free;
    this.extents = extents;
  }

  /** Frees an extent that nobody pins. */
  interface Drop {
    void drop(int extent);
  }

  /** Tries to make one free run of this length; there are that many free or cached units. */
  void makeRun(int wanted, Drop drop) {
    if (free.longestFree() >= wanted) {
      return;
    }
    for (int i = 0; i < TRIES; i++) {
      int oldest = extents.oldest();
      if (oldest == Extents.NONE) {
        return;
      }
      if (reaches(oldest, wanted)) {
        dropBetween(drop);
        return;
      }
      drop.drop(oldest);
    }
  }

  /**
   * Makes one free run of this length where one of the oldest and what lies around it are enough;
   * else nothing gives way.
   */
  void clearRun(int wanted, Drop drop) {
    int extent = free.longestFree() >= wanted ? Extents.NONE : extents.oldest();
    for (int i = 0; i < TRIES && extent != Extents.NONE; i++) {
      if (reaches(extent, wanted)) {
        dropBetween(drop);
        return;
      }
      extent = extents.newer(extent);
    }
  }

  /** Frees the extent behind a unit when it has not been used for long; then growth is in place. */
  void makeWay(int unit, int now, Drop drop) {
    if (free.freeUnits() >= free.units() / PLENTY || free.freeFrom(unit) > 0) {
      return;
    }
    int behind = extents.unpinnedFrom(unit);
    if (behind != Extents.NONE) {
      if (extents.age(behind, now) >= extents.age(extents.oldest(), now) / 2) {
        drop.drop(behind);
      }
    }
  }

  private boolean reaches(int from, int wanted) {
    low = extents.start(from);
    high = low + extents.units(from);
    boolean more = true;
    while (more && high - low < wanted) {
      int extent = extents.unpinnedFrom(high);
      int step = extent == Extents.NONE ? free.freeFrom(high) : extents.units(extent);
      high += step;
      more = step > 0;
    }
    more = true;
    while (more && high - low < wanted) {
      int extent = extents.unpinnedUpTo(low);
      int step = extent == Extents.NONE ? free.freeUpTo(low) : extents.units(extent);
      low -= step;
      more = step > 0;
    }
    return high - low >= wanted;
  }

  private void dropBetween(Drop drop) {
    int unit = low + free.freeFrom(low);
    while (unit < high) {
      int extent = extents.unpinnedFrom(unit);
      int end = unit + extents.units(extent);
      unit = end + free.freeFrom(end); // asked before the drop, which joins the free runs
      drop.drop(extent);
    }
  }
}
