package dev.outcrop.batching.kv;

import java.util.Arrays;

/**
 * The extents of the prefix cache: contiguous units of finished KV that sequences share read-only.
 * Plain arrays by extent id; the ones nobody pins are in a list of all and in one per owner, least
 * recently used first.
 */
final class Extents {
  static final int NONE = -1;
  private static final long[] NO_HASHES = {};

  private static final int START = 0;
  private static final int UNITS = 1;
  private static final int PINS = 2;
  private static final int OWNER = 3;
  private static final int FIRST_HASH = 4;
  private static final int OF_OWNER = 5; // neighbours in a list: the one before, then the one after
  private static final int OF_ALL = 7;
  private static final int USED = 9;
  private static final int NAME = 10; // its first unit's hash, in four pieces
  private static final int NEXT = 14; // what was split off its end
  private static final int NAMED = 15; // 1 where it can be found by its first hash

  private final IntTable table = new IntTable();
  private long[][] hashes = new long[16][];
  private int[] unused = new int[16];
  private int unusedCount;
  private int used;
  private int[] ends = new int[4]; // oldest and newest of an owner, side by side
  private final int[] endsOfAll = {NONE, NONE};
  private int owners;
  private final int[] bounds; // by unit: the extent that begins with it, the one that ends before

  /** Creates none, for an arena of so many units. */
  Extents(int arena) {
    bounds = new int[2 * (arena + 1)];
    Arrays.fill(bounds, NONE);
  }

  /** Adds an extent that is pinned once. */
  int add(int firstUnit, int count, int whose, long[] chain, int chainFrom) {
    int id = create(firstUnit, count, whose);
    set(id, PINS, 1);
    name(id, chain, chainFrom);
    return id;
  }

  private int create(int firstUnit, int count, int whose) {
    int id = unusedCount > 0 ? unused[--unusedCount] : used++;
    if (id == hashes.length) {
      table.grow();
      hashes = Arrays.copyOf(hashes, 2 * id);
      unused = Arrays.copyOf(unused, 2 * id);
    }
    set(id, START, firstUnit);
    set(id, UNITS, count);
    set(id, OWNER, whose);
    set(id, NEXT, NONE);
    set(id, NAMED, 1);
    bounds[2 * firstUnit] = id;
    bounds[2 * (firstUnit + count) + 1] = id;
    return id;
  }

  private void name(int id, long[] chain, int chainFrom) {
    set(id, FIRST_HASH, chainFrom);
    hashes[id] = chain;
    table.setLong(id, NAME, chain[2 * chainFrom]);
    table.setLong(id, NAME + 2, chain[2 * chainFrom + 1]);
  }

  /**
   * Makes the end of an extent one of its own, pinned as often; in the lists it is the older one.
   *
   * @param keeps units that stay
   * @return the new one; {@link #next} of the old one
   */
  int split(int id, int keeps) {
    int rest = create(start(id) + keeps, units(id) - keeps, owner(id));
    name(rest, hashes[id], firstHash(id) + keeps);
    set(rest, PINS, pins(id));
    set(rest, NEXT, next(id));
    set(id, NEXT, rest);
    set(id, UNITS, keeps);
    bounds[2 * (start(id) + keeps) + 1] = id;
    if (pins(id) == 0) {
      set(rest, USED, get(id, USED));
      insert(rest, id, OF_OWNER, ends, 2 * owner(id));
      insert(rest, id, OF_ALL, endsOfAll, 0);
    }
    return rest;
  }

  void remove(int id) {
    bounds[2 * start(id)] = NONE;
    bounds[2 * (start(id) + units(id)) + 1] = NONE;
    hashes[id] = NO_HASHES;
    unused[unusedCount++] = id;
  }

  /**
   * Puts an extent that is no longer pinned at the recent end of the lists.
   *
   * @param now a count that only grows
   */
  void enlist(int id, int now) {
    int whose = owner(id);
    growOwners(whose + 1);
    set(id, USED, now);
    append(id, OF_OWNER, ends, 2 * whose);
    append(id, OF_ALL, endsOfAll, 0);
  }

  void delist(int id) {
    unlink(id, OF_OWNER, ends, 2 * owner(id));
    unlink(id, OF_ALL, endsOfAll, 0);
  }

  private void append(int id, int links, int[] of, int at) {
    int last = of[at + 1];
    set(id, links, last);
    set(id, links + 1, NONE);
    if (last == NONE) {
      of[at] = id;
    } else {
      set(last, links + 1, id);
    }
    of[at + 1] = id;
  }

  private void insert(int id, int beforeThat, int links, int[] of, int at) {
    int before = get(beforeThat, links);
    set(id, links, before);
    set(id, links + 1, beforeThat);
    set(beforeThat, links, id);
    if (before == NONE) {
      of[at] = id;
    } else {
      set(before, links + 1, id);
    }
  }

  private void unlink(int id, int links, int[] of, int at) {
    int before = get(id, links);
    int after = get(id, links + 1);
    if (before == NONE) {
      of[at] = after;
    } else {
      set(before, links + 1, after);
    }
    if (after == NONE) {
      of[at + 1] = before;
    } else {
      set(after, links, before);
    }
  }

  /** The owner's least recently used extent that nobody pins, or {@link #NONE}. */
  int oldest(int whose) {
    return whose < owners ? ends[2 * whose] : NONE;
  }

  /** The least recently used extent of all that nobody pins, or {@link #NONE}. */
  int oldest() {
    return endsOfAll[0];
  }

  /** The next one that nobody pins, by when it was used, or {@link #NONE}. */
  int newer(int id) {
    return get(id, OF_ALL + 1);
  }

  /** How many units of the extent, from its first, have the hashes from this place on. */
  int common(int id, long[] chain, int from, int to) {
    long[] own = hashes[id];
    int offset = firstHash(id);
    int low = 1; // the caller found the extent by its first hash
    int high = Math.min(units(id), to - from);
    if (equal(own, offset + high - 1, chain, from + high - 1)) {
      return high; // as it mostly is: every look at a hash may be a line of memory
    }
    high--;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (equal(own, offset + middle - 1, chain, from + middle - 1)) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  private static boolean equal(long[] own, int mine, long[] chain, int theirs) {
    return own[2 * mine] == chain[2 * theirs] && own[2 * mine + 1] == chain[2 * theirs + 1];
  }

  private int get(int id, int what) {
    return table.get(id, what);
  }

  private void set(int id, int what, int value) {
    table.set(id, what, value);
  }

  int start(int id) {
    return get(id, START);
  }

  int units(int id) {
    return get(id, UNITS);
  }

  int owner(int id) {
    return get(id, OWNER);
  }

  /** What was split off its end last, for those who hold more than it has; else not to be used. */
  int next(int id) {
    return get(id, NEXT);
  }

  /** Whether it can be found by its first hash. */
  boolean named(int id) {
    return get(id, NAMED) == 1;
  }

  /** Another one is found by its first hash. */
  void unname(int id) {
    set(id, NAMED, 0);
  }

  /** The first half of its first unit's hash. */
  long nameHigh(int id) {
    return table.getLong(id, NAME);
  }

  /** The second half. */
  long nameLow(int id) {
    return table.getLong(id, NAME + 2);
  }

  /** Whether its hashes are in this very array, so that it can become longer. */
  @SuppressWarnings("ReferenceEquality")
  boolean isNamedBy(int id, long[] chain) {
    return hashes[id] == chain;
  }

  int firstHash(int id) {
    return get(id, FIRST_HASH);
  }

  int pins(int id) {
    return get(id, PINS);
  }

  /** Pins it once more; answers how often it was. */
  int pin(int id) {
    return table.add(id, PINS, 1) - 1;
  }

  /** Pins it once less; answers how often it still is. */
  int unpin(int id) {
    return table.add(id, PINS, -1);
  }

  void resize(int id, int count) {
    bounds[2 * (start(id) + units(id)) + 1] = NONE;
    set(id, UNITS, count);
    bounds[2 * (start(id) + count) + 1] = id;
  }

  /** The extent that begins with this unit and that nobody pins, or {@link #NONE}. */
  int unpinnedFrom(int unit) {
    return unlessPinned(bounds[2 * unit]);
  }

  /** The extent that ends before this unit and that nobody pins, or {@link #NONE}. */
  int unpinnedUpTo(int unit) {
    return unlessPinned(bounds[2 * unit + 1]);
  }

  private int unlessPinned(int id) {
    return id != NONE && pins(id) == 0 ? id : NONE;
  }

  /** How long ago an extent that nobody pins was used last, on the caller's count. */
  int age(int id, int now) {
    return now - get(id, USED); // right even where the count has run over
  }

  /** Extents there are. */
  int count() {
    return used - unusedCount;
  }

  private void growOwners(int count) {
    if (2 * count > ends.length) {
      ends = Arrays.copyOf(ends, 4 * count);
    }
    for (; owners < count; owners++) {
      ends[2 * owners] = NONE;
      ends[2 * owners + 1] = NONE;
    }
  }
}
