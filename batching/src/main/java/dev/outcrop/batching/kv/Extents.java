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

  private int[] start = new int[16];
  private int[] units = new int[16];
  private int[] pins = new int[16];
  private int[] owner = new int[16];
  private int[] firstHash = new int[16];
  private long[][] hashes = new long[16][];
  private long[] stamp = new long[16];
  private int[] before = new int[16];
  private int[] after = new int[16];
  private int[] beforeAll = new int[16];
  private int[] afterAll = new int[16];
  private int[] unused = new int[16];
  private int unusedCount;
  private int used;
  private int[] oldest = new int[4];
  private int[] newest = new int[4];
  private int owners;
  private int oldestOfAll = NONE;
  private int newestOfAll = NONE;
  private final int[] startingAt;
  private final int[] endingAt;

  /** Creates none, for an arena of so many units. */
  Extents(int arena) {
    startingAt = new int[arena + 1];
    endingAt = new int[arena + 1];
    Arrays.fill(startingAt, NONE);
    Arrays.fill(endingAt, NONE);
  }

  /** Adds an extent that is pinned once. */
  int add(int firstUnit, int count, int whose, long[] chain, int chainFrom) {
    int id = unusedCount > 0 ? unused[--unusedCount] : used++;
    if (id == start.length) {
      growExtents(2 * id);
    }
    start[id] = firstUnit;
    units[id] = count;
    pins[id] = 1;
    owner[id] = whose;
    hashes[id] = chain;
    firstHash[id] = chainFrom;
    startingAt[firstUnit] = id;
    endingAt[firstUnit + count] = id;
    return id;
  }

  void remove(int id) {
    startingAt[start[id]] = NONE;
    endingAt[start[id] + units[id]] = NONE;
    hashes[id] = NO_HASHES;
    if (unusedCount == unused.length) {
      unused = Arrays.copyOf(unused, 2 * unusedCount);
    }
    unused[unusedCount++] = id;
  }

  /** Puts an extent that is no longer pinned at the recent end of its owner's list. */
  void enlist(int id, long now) {
    int whose = owner[id];
    growOwners(whose + 1);
    stamp[id] = now;
    before[id] = newest[whose];
    after[id] = NONE;
    if (newest[whose] == NONE) {
      oldest[whose] = id;
    } else {
      after[newest[whose]] = id;
    }
    newest[whose] = id;
    beforeAll[id] = newestOfAll;
    afterAll[id] = NONE;
    if (newestOfAll == NONE) {
      oldestOfAll = id;
    } else {
      afterAll[newestOfAll] = id;
    }
    newestOfAll = id;
  }

  void delist(int id) {
    int whose = owner[id];
    if (before[id] == NONE) {
      oldest[whose] = after[id];
    } else {
      after[before[id]] = after[id];
    }
    if (after[id] == NONE) {
      newest[whose] = before[id];
    } else {
      before[after[id]] = before[id];
    }
    if (beforeAll[id] == NONE) {
      oldestOfAll = afterAll[id];
    } else {
      afterAll[beforeAll[id]] = afterAll[id];
    }
    if (afterAll[id] == NONE) {
      newestOfAll = beforeAll[id];
    } else {
      beforeAll[afterAll[id]] = beforeAll[id];
    }
  }

  /** The owner's least recently used extent that nobody pins, or {@link #NONE}. */
  int oldest(int whose) {
    return whose < owners ? oldest[whose] : NONE;
  }

  /** The least recently used extent of all that nobody pins, or {@link #NONE}. */
  int oldest() {
    return oldestOfAll;
  }

  /** How many units of the extent, from its first, have the hashes from this place on. */
  int common(int id, long[] chain, int from, int to) {
    long[] own = hashes[id];
    int offset = firstHash[id];
    int low = 1; // the caller found the extent by its first hash
    int high = Math.min(units[id], to - from);
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

  int start(int id) {
    return start[id];
  }

  int units(int id) {
    return units[id];
  }

  int owner(int id) {
    return owner[id];
  }

  long[] hashes(int id) {
    return hashes[id];
  }

  /** Whether its hashes are in this very array, so that it can become longer. */
  @SuppressWarnings("ReferenceEquality")
  boolean isNamedBy(int id, long[] chain) {
    return hashes[id] == chain;
  }

  int firstHash(int id) {
    return firstHash[id];
  }

  int pins(int id) {
    return pins[id];
  }

  int pin(int id) {
    return pins[id]++;
  }

  int unpin(int id) {
    return --pins[id];
  }

  void resize(int id, int count) {
    endingAt[start[id] + units[id]] = NONE;
    units[id] = count;
    endingAt[start[id] + count] = id;
  }

  /** The extent that begins with this unit and that nobody pins, or {@link #NONE}. */
  int unpinnedFrom(int unit) {
    int id = startingAt[unit];
    return id != NONE && pins[id] == 0 ? id : NONE;
  }

  /** The extent that ends before this unit and that nobody pins, or {@link #NONE}. */
  int unpinnedUpTo(int unit) {
    int id = endingAt[unit];
    return id != NONE && pins[id] == 0 ? id : NONE;
  }

  /** When an extent that nobody pins was used last. */
  long stamp(int id) {
    return stamp[id];
  }

  /** Extents there are. */
  int count() {
    return used - unusedCount;
  }

  private void growExtents(int size) {
    start = Arrays.copyOf(start, size);
    units = Arrays.copyOf(units, size);
    pins = Arrays.copyOf(pins, size);
    owner = Arrays.copyOf(owner, size);
    firstHash = Arrays.copyOf(firstHash, size);
    hashes = Arrays.copyOf(hashes, size);
    stamp = Arrays.copyOf(stamp, size);
    before = Arrays.copyOf(before, size);
    after = Arrays.copyOf(after, size);
    beforeAll = Arrays.copyOf(beforeAll, size);
    afterAll = Arrays.copyOf(afterAll, size);
  }

  private void growOwners(int count) {
    if (count > oldest.length) {
      oldest = Arrays.copyOf(oldest, 2 * count);
      newest = Arrays.copyOf(newest, 2 * count);
    }
    for (; owners < count; owners++) {
      oldest[owners] = NONE;
      newest[owners] = NONE;
    }
  }
}
