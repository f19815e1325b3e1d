package dev.outcrop.batching.kv;

import static dev.outcrop.batching.kv.Sequences.hashes;
import static dev.outcrop.batching.kv.Sequences.ran;
import static dev.outcrop.batching.kv.Sequences.tokens;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Units of a lease that lie apart are brought together. */
class KvCompactionTest {
  private KvCache kv = new KvCache(64, 64);

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
    ran(kv, hashes(1, tokens(40, 500)), 10, 0);
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
      ran(kv, hashes(1, tokens(4, 900 + 10 * i)), 1, 0);
    }
    kv.release(leases.get(1));
    kv.grow(leases.get(0), 2);
    assertThat(leases.get(0).inPieces()).isTrue();
    int cached = kv.cached();

    assertThat(kv.compact(leases.get(0), (from, to, units) -> {})).isFalse();

    assertThat(kv.cached()).isEqualTo(cached);
  }
}
