package dev.outcrop.batching.kv;

import static dev.outcrop.batching.kv.Sequences.hashes;
import static dev.outcrop.batching.kv.Sequences.ran;
import static dev.outcrop.batching.kv.Sequences.tokens;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the cache finds again, keeps and drops. */
class KvCacheTest {
  private KvCache kv = new KvCache(64, 64);

  @Test
  void findsTheCommonPrefixOfTwoSequences() {
    int[] one = tokens(20, 0);
    int[] other = one.clone();
    other[13] = 99;
    ran(kv, hashes(1, one), 5, 0);
    long[] hashes = hashes(1, other);

    assertThat(kv.match(hashes, 5)).isEqualTo(3);
    Lease lease = new Lease();
    kv.start(lease, hashes, 4, 5, 0, false);

    assertThat(lease.shared()).isEqualTo(3);
    assertThat(lease.units()).isEqualTo(5);
  }

  @Test
  void findsNothingOfAnotherScope() {
    ran(kv, hashes(1, tokens(20, 0)), 5, 0);

    assertThat(kv.match(hashes(2, tokens(20, 0)), 5)).isZero();
  }

  @Test
  void goesOnInPlaceWhereAConversationGoesOn() {
    ran(kv, hashes(1, tokens(16, 0)), 4, 0);
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
    ran(kv, old, 16, 0);
    ran(kv, used, 16, 0);
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
      ran(kv, hashes(1, tokens(16, 100 * i)), 4, 0);
      ran(kv, hashes(2, tokens(16, 100 * i)), 4, 1);
    }

    assertThat(kv.cached(0)).isEqualTo(10);
    assertThat(kv.cached(1)).isEqualTo(10);
  }

  @Test
  void keepsOnlyTheSharedFrontOfAConversationThatIsOver() {
    int[] one = tokens(160, 0);
    int[] other = one.clone();
    other[20] = 999;
    ran(kv, hashes(1, one), 40, 0);
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
    ran(kv, hashes(2, tokens(16, 0)), 4, 0); // units 0 to 3
    ran(kv, hashes(1, one), 12, 0); // 4 to 15
    Lease filler = new Lease();
    kv.start(filler, hashes(3, tokens(48, 0)), 0, 12, 0, false); // 16 to 27
    ran(kv, hashes(1, Arrays.copyOf(other, 16)), 4, 0); // parts the front, 4 to 6, from its tail
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

    ran(kv, hashes(1, Arrays.copyOf(other, 16)), 4, 0);
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
    ran(kv, hashes(1, tokens(64, 0)), 16, 0);
    Lease large = new Lease();

    assertThat(kv.start(large, hashes(1, tokens(400, 0)), 16, 65, 0, false)).isFalse();

    assertThat(large.units()).isZero();
    assertThat(kv.cached()).isEqualTo(16);
    assertThat(kv.referenced()).isZero();
  }
}
