package dev.outcrop.batching.schedule;

import dev.outcrop.batching.kv.KvCache;

/**
 * Brings the KV that a sequence alone holds together where it lies in pieces: every piece costs at
 * every step, bringing them together costs about as much as reading them in a few. Part of a {@link
 * Scheduler} and its thread.
 */
final class Compaction {
  private static final int AGAIN_AFTER = 128;
  private static final int LOOKS = 16;

  private final KvCache kv;
  private final Sequences decoding;
  private int next;

  Compaction(KvCache kv, Sequences decoding) {
    this.kv = kv;
    this.decoding = decoding;
  }

  /** One sequence a step, looked for among a few. */
  void compactOne(long step, KvCache.Moves moves) {
    int looks = Math.min(decoding.size(), LOOKS);
    for (int i = 0; i < looks; i++) {
      next = next + 1 < decoding.size() ? next + 1 : 0;
      Sequence sequence = decoding.get(next);
      if (step - sequence.compactedStep > AGAIN_AFTER
          && sequence.ready()
          && sequence.lease.inPieces()) {
        sequence.compactedStep = step;
        kv.compact(sequence.lease, moves);
        return;
      }
    }
  }
}
