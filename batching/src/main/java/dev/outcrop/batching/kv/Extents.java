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

  // What is known of an extent lies side by side: all of it is mostly one line of memory.
  private static final int EXTENT = 16;
  private static final int START = 0;
  private static final int UNITS = 1;
  private static final int PINS = 2;
  private static final int OWNER = 3;
  private static final int FIRST_HASH = 4;
  private static final int OF_OWNER = 5; // neighbours in a list: the one before, then the one after
  private static final int OF_ALL = 7;
  private static final int USED = 9;
  private static final int NAME = 10; // its first unit's hash, in four pieces

  private int[] table = new int[16 * EXTENT];
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
    int id = unusedCount > 0 ? unused[--unusedCount] : used++;
    if (id == hashes.length) {
      table = Arrays.copyOf(table, 2 * table.length);
      hashes = Arrays.copyOf(hashes, 2 * id);
    }
    set(id, START, firstUnit);
    set(id, UNITS, count);
    set(id, PINS, 1);
    set(id, OWNER, whose);
    set(id, FIRST_HASH, chainFrom);
    hashes[id] = chain;
    setLong(id, NAME, chain[2 * chainFrom]);
    setLong(id, NAME + 2, chain[2 * chainFrom + 1]);
    bounds[2 * firstUnit] = id;
    bounds[2 * (firstUnit + count) + 1] = id;
    return id;
  }

  void remove(int id) {
    bounds[2 * start(id)] = NONE;
    bounds[2 * (start(id) + units(id)) + 1] = NONE;
    hashes[id] = NO_HASHES;
    if (unusedCount == unused.length) {
      unused = Arrays.copyOf(unused, 2 * unusedCount);
    }
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
    return table[EXTENT * id + what];
  }

  private void set(int id, int what, int value) {
    table[EXTENT * id + what] = value;
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

  /** The first half of its first unit's hash. */
  long nameHigh(int id) {
    return getLong(id, NAME);
  }

  /** The second half. */
  long nameLow(int id) {
    return getLong(id, NAME + 2);
  }

  private long getLong(int id, int what) {
    return (long) get(id, what) << 32 | (get(id, what + 1) & 0xffffffffL);
  }

  private void setLong(int id, int what, long value) {
    set(id, what, (int) (value >>> 32));
    set(id, what + 1, (int) value);
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
    return table[EXTENT * id + PINS]++;
  }

  /** Pins it once less; answers how often it still is. */
  int unpin(int id) {
    return --table[EXTENT * id + PINS];
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
