package dev.outcrop.batching.kv;

/**
 * Who holds which units of the KV arena, and which finished units are kept for reuse. Accounting
 * only: the memory belongs to the engine. Used by the engine thread; allocates only while its
 * tables still grow.
 *
 * <p>A sequence holds a {@link Lease}: extents shared read-only with others, then units of its own.
 * Full units become shareable by {@link #publish}, under hashes that cover everything before them
 * ({@link UnitHashes}). An extent is a contiguous range of such units, found by its first hash; it
 * is split where prefixes part, so that whoever pins it holds all of it. Extents that nobody pins
 * are cache: the least recently used give way, from their ends, so that the front of a prefix,
 * which more requests share, outlives its tail.
 */
public final class KvCache {
  private final KvAllocator free;
  private final HashIndex index;
  private final Extents extents;
  private final Eviction eviction;
  private final Compaction compaction;
  private final Eviction.Drop drop = this::drop;
  private final CachedUnits cached;
  private final Runs found = new Runs();
  private int clock; // of releases; may run over
  private long evicted;

  /**
   * Creates an arena in which everything is free.
   *
   * @param units its size
   * @param quota the most units that one owner may keep for reuse
   */
  public KvCache(int units, int quota) {
    this.free = new KvAllocator(units);
    this.extents = new Extents(units);
    this.eviction = new Eviction(free, extents);
    this.compaction = new Compaction(free, eviction, drop);
    this.cached = new CachedUnits(quota);
    this.index = new HashIndex(Math.min(units, 1 << 10));
  }

  /** How many units from the start are there for reuse; nothing is pinned. */
  public int match(long[] hashes, int units) {
    int matched = 0;
    while (matched < units) {
      int extent = index.get(hashes[2 * matched], hashes[2 * matched + 1]);
      if (extent == HashIndex.NONE) {
        break;
      }
      matched += extents.common(extent, hashes, matched, units);
    }
    return matched;
  }

  /**
   * Gives a sequence what it starts with.
   *
   * @param lease takes the units; holds nothing before
   * @param hashes the sequence's unit hashes
   * @param reusable how many units may come from the cache
   * @param wanted how many units it needs in all, more than reusable
   * @param spare units that have to stay free or evictable after it
   * @param grows whether it may ask for more
   * @return whether there was room; if not, nothing has changed
   */
  public boolean start(
      Lease lease, long[] hashes, int reusable, int wanted, int spare, boolean grows) {
    if (lease.units() != 0 || reusable >= wanted) {
      throw new IllegalArgumentException("a lease starts empty and needs a unit of its own");
    }
    reuse(lease, hashes, reusable);
    if (room() - (wanted - lease.units()) < spare) {
      release(lease);
      return false;
    }
    take(lease, wanted - lease.units(), grows);
    return true;
  }

  /** Adds units to the end of a lease: in place, or elsewhere when the neighbour is taken. */
  public boolean grow(Lease lease, int by) {
    if (room() < by) {
      return false;
    }
    take(lease, by, true);
    return true;
  }

  /**
   * Makes full units shareable. Where another sequence was first with the same prefix, the rest
   * stays this lease's own.
   *
   * @param hashes the sequence's unit hashes; kept and only ever extended
   * @param to how many units from the start are full and computed
   * @param owner whose quota they count against when nobody uses them
   */
  public void publish(Lease lease, long[] hashes, int to, int owner) {
    Runs runs = lease.runs();
    int position = 0;
    for (int run = 0; run < runs.count() && position < to; run++) {
      int end = Math.min(to, position + runs.units(run));
      int from = Math.max(position, lease.shared());
      if (from < end && !publish(lease, hashes, from, end, runs.start(run) - position, owner)) {
        return;
      }
      position += runs.units(run);
    }
  }

  private boolean publish(
      Lease lease, long[] hashes, int from, int to, int unitOfFirst, int owner) {
    int last = lease.extents() == 0 ? Extents.NONE : lease.extent(lease.extents() - 1);
    boolean goesOn =
        last != Extents.NONE
            && extents.pins(last) == 1
            && extents.isNamedBy(last, hashes)
            && extents.firstHash(last) + extents.units(last) == from
            && extents.start(last) + extents.units(last) == unitOfFirst + from;
    if (goesOn) {
      extents.resize(last, extents.units(last) + to - from);
      lease.extended(to - from);
      return true;
    }
    if (index.get(hashes[2 * from], hashes[2 * from + 1]) != HashIndex.NONE) {
      return false;
    }
    int extent = extents.add(unitOfFirst + from, to - from, owner, hashes, from);
    index.put(hashes[2 * from], hashes[2 * from + 1], extent);
    lease.published(extent, to - from);
    return true;
  }

  /** Takes everything back: own units are free, shared ones stay for reuse. */
  public void release(Lease lease) {
    Runs runs = lease.runs();
    int position = 0;
    for (int run = 0; run < runs.count(); run++) {
      int units = runs.units(run);
      int own = Math.min(units, position + units - lease.shared());
      if (own > 0) {
        free.free(runs.start(run) + units - own, own);
      }
      position += units;
    }
    clock++;
    for (int i = lease.extents() - 1; i >= 0; i--) { // the front of a prefix counts as newest
      unpin(lease.extent(i), lease.extentUnits(i));
    }
    lease.clear();
  }

  /**
   * Brings a lease's own units together.
   *
   * @param moves takes what the engine has to copy before it uses the lease again
   * @return whether there was a free run for them
   */
  public boolean compact(Lease lease, Moves moves) {
    return compaction.compact(lease, moves);
  }

  /** Takes what has to be copied: unit numbers. */
  public interface Moves {
    /** Copies so many units from one place to another, in the order of the calls. */
    void move(int from, int to, int units);
  }

  private void reuse(Lease lease, long[] hashes, int units) {
    while (lease.units() < units) {
      int from = lease.units();
      int extent = index.get(hashes[2 * from], hashes[2 * from + 1]);
      if (extent == HashIndex.NONE) {
        break;
      }
      int common = extents.common(extent, hashes, from, units);
      if (common < extents.units(extent)) {
        split(extent, common);
      }
      if (extents.pin(extent) == 0) {
        extents.delist(extent);
        count(extent, -extents.units(extent));
      }
      lease.share(extent, extents.start(extent), common);
    }
  }

  /** What not everybody holds who holds its front would stay as long as they do. */
  private void split(int extent, int keeps) {
    int rest = extents.split(extent, keeps);
    if (index.get(extents.nameHigh(rest), extents.nameLow(rest)) == HashIndex.NONE) {
      index.put(extents.nameHigh(rest), extents.nameLow(rest), rest);
    } else { // two sequences computed the same at the same time; one of the two is enough
      extents.unname(rest);
      if (extents.pins(rest) == 0) {
        drop(rest);
      }
    }
  }

  private void take(Lease lease, int wanted, boolean grows) {
    Runs runs = lease.runs();
    int left = wanted;
    if (runs.count() > 0) {
      int last = runs.count() - 1;
      int end = runs.start(last) + runs.units(last);
      eviction.makeWay(end, clock, drop);
      int inPlace = free.takeAt(end, left);
      if (inPlace > 0) {
        lease.own(end, inPlace);
        left -= inPlace;
      }
    }
    if (left > 0) {
      eviction.makeRun(left, drop);
      evict(left);
      found.clear();
      if (grows) {
        free.allocateRoomy(left, found);
      } else {
        free.allocate(left, found);
      }
      for (int run = 0; run < found.count(); run++) {
        lease.own(found.start(run), found.units(run));
      }
    }
  }

  private void evict(int wanted) {
    while (free.freeUnits() < wanted) {
      shorten(extents.oldest(), wanted - free.freeUnits());
    }
  }

  /** The end first: what was split off since it was pinned. */
  private void unpin(int extent, int units) {
    int here = extents.units(extent);
    if (here < units) {
      unpin(extents.next(extent), units - here);
    }
    if (extents.unpin(extent) > 0) {
      return;
    }
    extents.enlist(extent, clock);
    count(extent, here);
    if (!extents.named(extent)) {
      drop(extent);
      return;
    }
    int owner = extents.owner(extent);
    while (cached.excess(owner) > 0) {
      shorten(extents.oldest(owner), cached.excess(owner));
    }
  }

  private void drop(int extent) {
    shorten(extent, extents.units(extent));
  }

  /** Frees units at the end of an extent that nobody pins. */
  private void shorten(int extent, int wanted) {
    int units = extents.units(extent);
    int gone = Math.min(units, wanted);
    free.free(extents.start(extent) + units - gone, gone);
    count(extent, -gone);
    evicted += gone;
    if (gone < units) {
      extents.resize(extent, units - gone);
    } else {
      if (extents.named(extent)) {
        index.remove(extents.nameHigh(extent), extents.nameLow(extent));
      }
      extents.delist(extent);
      extents.remove(extent);
    }
  }

  private void count(int extent, int units) {
    cached.add(extents.owner(extent), units);
  }

  /** Units that are free or may be made free. */
  public int room() {
    return free.freeUnits() + cached.all();
  }

  /** Units of the arena. */
  public int units() {
    return free.units();
  }

  /** Units that leases hold, each counted once. */
  public int referenced() {
    return free.units() - free.freeUnits() - cached.all();
  }

  /** Units kept for reuse only. */
  public int cached() {
    return cached.all();
  }

  /** Units of one owner that are kept for reuse only. */
  public int cached(int owner) {
    return cached.of(owner);
  }

  /** Units of the cache that gave way since the start. */
  public long evicted() {
    return evicted;
  }
}
