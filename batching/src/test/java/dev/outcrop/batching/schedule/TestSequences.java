package dev.outcrop.batching.schedule;

import dev.outcrop.batching.Tier;
import dev.outcrop.batching.kv.UnitHashes;
import dev.outcrop.models.engine.Sampling;

/** Sequences for tests. */
final class TestSequences {
  static final UnitHashes HASHES = new UnitHashes(1, 2);

  private TestSequences() {}

  static Flow flow(int tenant, Tier tier) {
    return new Flow(tenant, tier, 1);
  }

  static Sequence of(Flow flow, int[] prompt, int maxTokens, int[] stops, int unitTokens) {
    return new Sequence(
        flow,
        prompt,
        maxTokens,
        Sampling.GREEDY,
        stops,
        Sequence.NEVER,
        new Sequence.PrefixKey(HASHES, flow.tenant, unitTokens));
  }
}
