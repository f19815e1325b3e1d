package dev.outcrop.batching.kv;

/** Brings the units that a lease alone holds together. Part of a {@link KvCache} and its thread. */
final class Compaction {
  /** Units behind a sequence without which it would soon lie in pieces again. */
  private static final int ROOM = 4;

  private final KvAllocator free;
  private final Eviction eviction;
  private final Eviction.Drop drop;
  private final Runs found = new Runs();

  Compaction(KvAllocator free, Eviction eviction, Eviction.Drop drop) {
    this.free = free;
    this.eviction = eviction;
    this.drop = drop;
  }

  /** See {@link KvCache#compact}. */
  boolean compact(Lease lease, KvCache.Moves moves) {
    Runs runs = lease.runs();
    int own = lease.units() - lease.shared();
    if (own == 0) {
      return false;
    }
    eviction.clearRun(own + ROOM, drop);
    if (free.longestFree() < own) {
      return false;
    }
    found.clear();
    free.allocateRoomy(own, found);
    int to = found.start(0);
    int position = 0;
    int kept = 0;
    for (int run = 0; run < runs.count(); run++) {
      int units = runs.units(run);
      int here = Math.min(units, Math.max(0, position + units - lease.shared()));
      if (here > 0) {
        int from = runs.start(run) + units - here;
        moves.move(from, to, here);
        free.free(from, here);
        to += here;
      }
      if (here < units) {
        runs.cut(run, units - here);
        kept++;
      }
      position += units;
    }
    runs.keep(kept);
    runs.append(found.start(0), own);
    return true;
  }
}
