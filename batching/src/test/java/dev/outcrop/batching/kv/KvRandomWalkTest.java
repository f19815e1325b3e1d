package dev.outcrop.batching.kv;

import static dev.outcrop.batching.kv.Sequences.UNIT;
import static dev.outcrop.batching.kv.Sequences.hashes;
import static dev.outcrop.batching.kv.Sequences.tokens;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Leases and the cache after thousands of random acts. */
class KvRandomWalkTest {
  /** Leases never own the same unit, and shared units hold the right tokens. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
  void neverGivesAUnitTwice(long seed) {
    Random random = new Random(seed);
    int units = 8 + random.nextInt(120);
    KvCache kv = new KvCache(units, 1 + random.nextInt(units));
    long[] content = new long[units]; // the hash of what was last written there
    List<Lease> leases = new ArrayList<>();
    List<long[]> names = new ArrayList<>();
    for (int step = 0; step < 4_000; step++) {
      int act = random.nextInt(10);
      if (act < 4) {
        int wanted = 1 + random.nextInt(Math.max(1, units / 3));
        int[] ids = tokens(wanted * UNIT, 0);
        int differs = random.nextInt(wanted * UNIT);
        Arrays.fill(ids, differs, ids.length, random.nextInt(3));
        long[] hashes = hashes(random.nextInt(2), ids);
        Lease lease = new Lease();
        if (kv.start(lease, hashes, wanted - 1, wanted, random.nextInt(3), random.nextBoolean())) {
          check(lease, hashes, content, 0, lease.shared());
          write(lease, hashes, content, lease.shared(), wanted);
          leases.add(lease);
          names.add(hashes);
        }
      } else if (!leases.isEmpty()) {
        int index = random.nextInt(leases.size());
        Lease lease = leases.get(index);
        long[] hashes = names.get(index);
        int named = Math.min(hashes.length / 2, lease.units());
        switch (act) {
          case 4, 5 -> kv.grow(lease, 1 + random.nextInt(3));
          case 6 -> kv.publish(lease, hashes, random.nextInt(named + 1), random.nextInt(3));
          case 7 -> kv.compact(lease, (from, to, count) -> move(content, from, to, count));
          default -> {
            kv.release(lease);
            leases.remove(index);
            names.remove(index);
          }
        }
      }
      checkAll(kv, leases, names, content);
    }
    leases.forEach(kv::release);
    assertThat(kv.referenced()).isZero();
    assertThat(kv.room()).isEqualTo(units);
  }

  private static void move(long[] content, int from, int to, int count) {
    System.arraycopy(content, from, content, to, count);
  }

  private static void checkAll(KvCache kv, List<Lease> leases, List<long[]> names, long[] content) {
    boolean[] owned = new boolean[content.length];
    boolean[] held = new boolean[content.length];
    for (int i = 0; i < leases.size(); i++) {
      Lease lease = leases.get(i);
      int position = 0;
      for (int run = 0; run < lease.runs().count(); run++) {
        for (int u = 0; u < lease.runs().units(run); u++, position++) {
          int unit = lease.runs().start(run) + u;
          held[unit] = true;
          if (position >= lease.shared()) {
            assertThat(owned[unit]).as("unit %d has one owner", unit).isFalse();
            owned[unit] = true;
          }
        }
      }
      assertThat(position).isEqualTo(lease.units());
      check(lease, names.get(i), content, 0, Math.min(names.get(i).length / 2, lease.units()));
    }
    int units = 0;
    for (boolean unit : held) {
      units += unit ? 1 : 0;
    }
    assertThat(kv.referenced()).as("units that some lease holds, and no others").isEqualTo(units);
    assertThat(kv.referenced() + kv.room()).isEqualTo(content.length);
  }

  private static void write(Lease lease, long[] hashes, long[] content, int from, int to) {
    for (int position = from; position < to; position++) {
      content[unit(lease, position)] = hashes[2 * position];
    }
  }

  private static void check(Lease lease, long[] hashes, long[] content, int from, int to) {
    for (int position = from; position < to; position++) {
      assertThat(content[unit(lease, position)])
          .as("position %d holds its own KV", position)
          .isEqualTo(hashes[2 * position]);
    }
  }

  private static int unit(Lease lease, int position) {
    int left = position;
    int run = 0;
    for (; left >= lease.runs().units(run); run++) {
      left -= lease.runs().units(run);
    }
    return lease.runs().start(run) + left;
  }
}
