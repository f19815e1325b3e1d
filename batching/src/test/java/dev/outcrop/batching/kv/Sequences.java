package dev.outcrop.batching.kv;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;

/** Sequences made of counting tokens, and their units' names. */
final class Sequences {
  static final int UNIT = 4;
  private static final UnitHashes HASHES = new UnitHashes(3, 4);

  private Sequences() {}

  static long[] hashes(long scope, int... tokens) {
    long[] hashes = new long[UnitHashes.longs(tokens.length / UNIT)];
    HASHES.extend(scope, tokens, UNIT, 0, tokens.length / UNIT, hashes);
    return hashes;
  }

  static int[] tokens(int count, int from) {
    int[] tokens = new int[count];
    Arrays.setAll(tokens, i -> from + i);
    return tokens;
  }

  /** Runs a sequence from start to end and leaves its units in the cache. */
  static void ran(KvCache kv, long[] hashes, int units, int owner) {
    Lease lease = new Lease();
    assertThat(kv.start(lease, hashes, units - 1, units, 0, false)).isTrue();
    kv.publish(lease, hashes, units, owner);
    kv.release(lease);
  }
}
