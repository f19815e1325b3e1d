package dev.outcrop.batching.kv;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KvCacheTest {
  private static final int UNIT = 4;
  private static final UnitHashes HASHES = new UnitHashes(3, 4);

  private KvCache kv = new KvCache(64, 64);

  private static long[] hashes(long scope, int... tokens) {
    long[] hashes = new long[UnitHashes.longs(tokens.length / UNIT)];
    HASHES.extend(scope, tokens, UNIT, 0, tokens.length / UNIT, hashes);
    return hashes;
  }

  private static int[] tokens(int count, int from) {
    int[] tokens = new int[count];
    Arrays.setAll(tokens, i -> from + i);
    return tokens;
  }

  /** Runs a sequence from start to end and leaves its units in the cache. */
  private void ran(long[] hashes, int units, int owner) {
    Lease lease = new Lease();
    assertThat(kv.start(lease, hashes, units - 1, units, 0, false)).isTrue();
    kv.publish(lease, hashes, units, owner);
    kv.release(lease);
  }

  @Test
  void findsTheCommonPrefixOfTwoSequences() {
    int[] one = tokens(20, 0);
    int[] other = one.clone();
    other[13] = 99;
    ran(hashes(1, one), 5, 0);
    long[] hashes = hashes(1, other);

    assertThat(kv.match(hashes, 5)).isEqualTo(3);
    Lease lease = new Lease();
    kv.start(lease, hashes, 4, 5, 0, false);

    assertThat(lease.shared()).isEqualTo(3);
    assertThat(lease.units()).isEqualTo(5);
  }

  @Test
  void findsNothingOfAnotherScope() {
    ran(hashes(1, tokens(20, 0)), 5, 0);

    assertThat(kv.match(hashes(2, tokens(20, 0)), 5)).isZero();
  }

  @Test
  void goesOnInPlaceWhereAConversationGoesOn() {
    ran(hashes(1, tokens(16, 0)), 4, 0);
    Lease lease = new Lease();

    kv.start(lease, hashes(1, tokens(28, 0)), 6, 7, 0, true);

    assertThat(lease.shared()).isEqualTo(4);
    assertThat(lease.runs().count()).as("one piece, nothing copied").isEqualTo(1);
  }

  @Test
  void sharesWhatARunningSequencePublished() {
    long[] hashes = hashes(1, tokens(16, 0));
    Lease writer = new Lease();
    kv.start(writer, hashes, 3, 4, 0, true);
    kv.publish(writer, hashes, 3, 0);
    Lease reader = new Lease();
    kv.start(reader, hashes, 3, 4, 0, true);

    kv.release(writer);

    assertThat(reader.shared()).isEqualTo(3);
    assertThat(kv.cached()).as("the reader still pins it").isZero();
    assertThat(kv.referenced()).isEqualTo(4);
  }

  @Test
  void evictsTheLeastRecentlyUsedFirstAndAFrontLast() {
    long[] old = hashes(1, tokens(64, 0));
    long[] used = hashes(1, tokens(64, 1_000));
    kv = new KvCache(40, 40);
    ran(old, 16, 0);
    ran(used, 16, 0);
    kv.match(old, 16);
    Lease again = new Lease();
    kv.start(again, used, 15, 16, 0, false);
    kv.release(again);

    Lease large = new Lease();
    assertThat(kv.start(large, hashes(1, tokens(64, 9_000)), 15, 16, 0, false)).isTrue();

    assertThat(kv.match(used, 16)).isGreaterThanOrEqualTo(15);
    assertThat(kv.match(old, 16)).isLessThan(16);
  }

  @Test
  void keepsAnOwnersQuota() {
    kv = new KvCache(64, 10);
    for (int i = 0; i < 6; i++) {
      ran(hashes(1, tokens(16, 100 * i)), 4, 0);
      ran(hashes(2, tokens(16, 100 * i)), 4, 1);
    }

    assertThat(kv.cached(0)).isEqualTo(10);
    assertThat(kv.cached(1)).isEqualTo(10);
  }

  @Test
  void keepsOnlyTheSharedFrontOfAConversationThatIsOver() {
    int[] one = tokens(160, 0);
    int[] other = one.clone();
    other[20] = 999;
    ran(hashes(1, one), 40, 0);
    Lease lease = new Lease();

    kv.start(lease, hashes(1, other), 9, 10, 0, false);

    assertThat(lease.shared()).isEqualTo(5);
    assertThat(kv.referenced()).isEqualTo(10);
    assertThat(kv.cached()).as("the tail may give way").isEqualTo(35);
    assertThat(kv.match(hashes(1, one), 40)).as("and is still found").isEqualTo(40);
  }

  @Test
  void splitsWhatIsInUseAndTakesBothPartsBack() {
    int[] one = tokens(32, 0);
    int[] other = one.clone();
    other[12] = 999;
    Lease writer = new Lease();
    kv.start(writer, hashes(1, one), 0, 8, 0, false);
    kv.publish(writer, hashes(1, one), 8, 0);
    Lease reader = new Lease();
    kv.start(reader, hashes(1, other), 7, 8, 0, false);
    assertThat(reader.shared()).isEqualTo(3);

    kv.release(writer);
    assertThat(kv.cached()).isEqualTo(5);
    kv.release(reader);

    assertThat(kv.referenced()).isZero();
    assertThat(kv.match(hashes(1, one), 8)).isEqualTo(8);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void dropsTheSecondCopyOfATailWhoseFrontWasComputedAgain(boolean inUse) {
    kv = new KvCache(32, 32);
    int[] one = tokens(48, 0);
    int[] other = one.clone();
    other[12] = 999;
    ran(hashes(2, tokens(16, 0)), 4, 0); // units 0 to 3
    ran(hashes(1, one), 12, 0); // 4 to 15
    Lease filler = new Lease();
    kv.start(filler, hashes(3, tokens(48, 0)), 0, 12, 0, false); // 16 to 27
    ran(hashes(1, Arrays.copyOf(other, 16)), 4, 0); // parts the front, 4 to 6, from its tail
    Lease large = new Lease();
    kv.start(large, hashes(4, tokens(28, 0)), 0, 7, 0, false); // takes 0 to 6
    assertThat(kv.match(hashes(1, one), 12)).as("the front is gone").isZero();
    kv.release(filler);
    Lease again = new Lease();
    kv.start(again, hashes(1, one), 11, 12, 0, false);
    kv.publish(again, hashes(1, one), 12, 0);
    if (!inUse) {
      kv.release(again);
    }

    ran(hashes(1, Arrays.copyOf(other, 16)), 4, 0);
    if (inUse) {
      kv.release(again);
    }

    assertThat(kv.match(hashes(1, one), 12)).isEqualTo(12);
    kv.release(large);
    assertThat(kv.referenced()).isZero();
    assertThat(kv.cached()).as("one copy of 12 units, and what parts from it").isEqualTo(13);
  }

  @Test
  void refusesWithoutATrace() {
    ran(hashes(1, tokens(64, 0)), 16, 0);
    Lease large = new Lease();

    assertThat(kv.start(large, hashes(1, tokens(400, 0)), 16, 65, 0, false)).isFalse();

    assertThat(large.units()).isZero();
    assertThat(kv.cached()).isEqualTo(16);
    assertThat(kv.referenced()).isZero();
  }

  @Test
  void bringsTheUnitsOfALeaseTogether() {
    List<Lease> leases = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      leases.add(new Lease());
      kv.start(leases.get(i), hashes(1, tokens(8, 100 * i)), 0, 2, 0, false);
    }
    for (int i = 0; i < 16; i++) {
      kv.grow(leases.get(i), 1);
    }
    Lease lease = leases.get(3);
    assertThat(lease.runs().count()).isEqualTo(2);
    for (int i = 8; i < 16; i++) {
      kv.release(leases.get(i));
    }
    List<String> moves = new ArrayList<>();

    assertThat(kv.compact(lease, (from, to, units) -> moves.add(from + ">" + to + ":" + units)))
        .isTrue();

    assertThat(lease.runs().count()).isEqualTo(1);
    assertThat(lease.units()).isEqualTo(3);
    assertThat(moves).hasSize(2);
    leases.subList(0, 8).forEach(kv::release);
    assertThat(kv.room()).isEqualTo(64);
    assertThat(kv.referenced()).isZero();
  }

  @Test
  void makesRoomToBringUnitsTogetherOfWhatIsOldest() {
    kv = new KvCache(24, 24);
    ran(hashes(1, tokens(40, 500)), 10, 0);
    Lease first = new Lease();
    kv.start(first, hashes(1, tokens(8, 0)), 0, 2, 0, false);
    Lease other = new Lease();
    kv.start(other, hashes(1, tokens(40, 100)), 0, 10, 0, false);
    kv.grow(first, 2);
    assertThat(first.inPieces()).isTrue();
    assertThat(kv.cached()).as("cached before").isEqualTo(10);

    assertThat(kv.compact(first, (from, to, units) -> {})).isTrue();

    assertThat(first.runs().count()).isEqualTo(1);
    assertThat(kv.cached()).as("cached after").isZero();
  }

  @Test
  void dropsNothingWhereThatMakesNoRun() {
    kv = new KvCache(16, 16);
    List<Lease> leases = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      leases.add(new Lease());
      kv.start(leases.get(i), hashes(1, tokens(12, 100 * i)), 0, 3, 0, false);
      ran(hashes(1, tokens(4, 900 + 10 * i)), 1, 0);
    }
    kv.release(leases.get(1));
    kv.grow(leases.get(0), 2);
    assertThat(leases.get(0).inPieces()).isTrue();
    int cached = kv.cached();

    assertThat(kv.compact(leases.get(0), (from, to, units) -> {})).isFalse();

    assertThat(kv.cached()).isEqualTo(cached);
  }

  /** Leases never own the same unit, and shared units hold the right tokens. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
  void neverGivesAUnitTwice(long seed) {
    Random random = new Random(seed);
    int units = 8 + random.nextInt(120);
    kv = new KvCache(units, 1 + random.nextInt(units));
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
      checkAll(leases, names, content);
    }
    leases.forEach(kv::release);
    assertThat(kv.referenced()).isZero();
    assertThat(kv.room()).isEqualTo(units);
  }

  private static void move(long[] content, int from, int to, int count) {
    System.arraycopy(content, from, content, to, count);
  }

  private void checkAll(List<Lease> leases, List<long[]> names, long[] content) {
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
