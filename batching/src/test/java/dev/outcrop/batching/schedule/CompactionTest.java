package dev.outcrop.batching.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.batching.Tier;
import dev.outcrop.batching.kv.KvCache;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which sequences are brought together. */
class CompactionTest {
  private static final int UNIT = 4;
  private static final long LATER = 1_000;

  private final KvCache kv = new KvCache(64, 64);
  private final Sequences decoding = new Sequences();
  private final Compaction compaction = new Compaction(kv, decoding);
  private final Flow flow = new Flow(0, Tier.DEFAULT, 1);
  private final List<String> moves = new ArrayList<>();

  private Sequence running(int prompt, int units) {
    int[] tokens = new int[prompt];
    Arrays.fill(tokens, 5);
    Sequence sequence = TestSequences.of(flow, tokens, 40, new int[0], UNIT);
    kv.start(sequence.lease, sequence.hashes(), sequence.reusableUnits(), units, 0, false);
    sequence.room = units * UNIT;
    decoding.add(sequence);
    return sequence;
  }

  private void compact(long step) {
    compaction.compactOne(step, (from, to, units) -> moves.add(from + ">" + to + ":" + units));
  }

  @Test
  void bringsTogetherWhatGrewIntoTwoPieces() {
    Sequence sequence = running(8, 2);
    running(3, 2);
    kv.grow(sequence.lease, 1);
    assertThat(sequence.lease.runs().count()).isEqualTo(2);

    compact(LATER);

    assertThat(sequence.lease.runs().count()).isEqualTo(1);
    assertThat(sequence.lease.units()).isEqualTo(3);
    assertThat(moves).hasSize(2);
    kv.grow(sequence.lease, 1);
    assertThat(sequence.lease.runs().count()).as("there is room behind it").isEqualTo(1);
  }

  @Test
  void leavesThoseAloneThatOnlyShareAFront() {
    Sequence first = running(9, 3);
    kv.publish(first.lease, first.hashes(), 2, 0);
    Sequence sequence = running(9, 3);
    assertThat(sequence.lease.shared()).isEqualTo(2);
    assertThat(sequence.lease.runs().count()).isEqualTo(2);

    compact(LATER);

    assertThat(moves).isEmpty();
  }

  @Test
  void waitsBeforeItMovesASequenceAgain() {
    Sequence sequence = running(8, 2);
    running(3, 2);
    kv.grow(sequence.lease, 1);
    sequence.compactedStep = LATER - 1;

    compact(LATER);
    assertThat(moves).isEmpty();

    compact(LATER + 200);
    assertThat(moves).isNotEmpty();
  }
}
