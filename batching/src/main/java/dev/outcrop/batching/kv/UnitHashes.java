package dev.outcrop.batching.kv;

import java.security.SecureRandom;

/**
 * Names the full KV units of a sequence: a unit's hash covers its tokens and everything before
 * them, so equal hashes mean equal prefixes. The first link holds the scope (model, adapter and
 * tenant), so that two scopes never share a unit.
 *
 * <p>SipHash-2-4 with 128 bits (Aumasson and Bernstein, 2012) under a key drawn per process: nobody
 * outside can make two prefixes collide. Thread safe; prompts are hashed on their request's thread.
 */
public final class UnitHashes {
  private static final int LINK = 2;

  private final long key0;
  private final long key1;

  /** Draws the process's key. */
  public static UnitHashes random() {
    SecureRandom random = new SecureRandom();
    return new UnitHashes(random.nextLong(), random.nextLong());
  }

  /** A fixed key, for tests. */
  public UnitHashes(long key0, long key1) {
    this.key0 = key0;
    this.key1 = key1;
  }

  /** The first link of all prefixes that are private to a name. */
  public long scope(String name) {
    int[] characters = name.chars().toArray();
    long[] hash = new long[LINK];
    hash(0, 0, characters, 0, characters.length, hash, 0);
    return hash[0];
  }

  /** How many longs the hashes of so many units take. */
  public static int longs(int units) {
    return units * LINK;
  }

  /**
   * Hashes units.
   *
   * @param scope what the prefix is private to
   * @param tokens the sequence
   * @param unitTokens tokens in a unit
   * @param from the first unit to hash; the hashes before it are there already
   * @param to the unit after the last one
   * @param into two longs per unit
   */
  public void extend(long scope, int[] tokens, int unitTokens, int from, int to, long[] into) {
    for (int unit = from; unit < to; unit++) {
      boolean first = unit == 0;
      long left = first ? scope : into[LINK * (unit - 1)];
      long right = first ? 0 : into[LINK * (unit - 1) + 1];
      hash(left, right, tokens, unit * unitTokens, unitTokens, into, LINK * unit);
    }
  }

  /**
   * A word of the message takes two rounds. Each half of the hash takes four, that is two words
   * more, which are zero: so the rounds stand here once, and their loop has a fixed length.
   */
  private void hash(
      long left, long right, int[] tokens, int offset, int count, long[] into, int at) {
    long v0 = key0 ^ 0x736f6d6570736575L;
    long v1 = key1 ^ 0x646f72616e646f6dL ^ 0xee;
    long v2 = key0 ^ 0x6c7967656e657261L;
    long v3 = key1 ^ 0x7465646279746573L;
    int last = LINK + (count + 1) / 2;
    for (int word = 0; word <= last + 2 * LINK; word++) {
      long m = 0;
      if (word < LINK) {
        m = word == 0 ? left : right;
      } else if (word < last) {
        int i = 2 * (word - LINK);
        long high = i + 1 < count ? tokens[offset + i + 1] : 0;
        m = (high << 32) | (tokens[offset + i] & 0xffffffffL);
      } else if (word == last) {
        m = count;
      }
      v3 ^= m;
      for (int round = 0; round < 2; round++) {
        v0 += v1;
        v1 = Long.rotateLeft(v1, 13) ^ v0;
        v0 = Long.rotateLeft(v0, 32);
        v2 += v3;
        v3 = Long.rotateLeft(v3, 16) ^ v2;
        v0 += v3;
        v3 = Long.rotateLeft(v3, 21) ^ v0;
        v2 += v1;
        v1 = Long.rotateLeft(v1, 17) ^ v2;
        v2 = Long.rotateLeft(v2, 32);
      }
      v0 ^= m;
      if (word == last) {
        v2 ^= 0xee;
      } else if (word == last + 2) {
        into[at] = v0 ^ v1 ^ v2 ^ v3;
        v1 ^= 0xdd;
      }
    }
    into[at + 1] = v0 ^ v1 ^ v2 ^ v3;
  }
}
