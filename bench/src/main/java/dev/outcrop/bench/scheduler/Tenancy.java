package dev.outcrop.bench.scheduler;

import dev.outcrop.batching.Tier;
import dev.outcrop.batching.kv.UnitHashes;
import dev.outcrop.batching.schedule.Flow;
import dev.outcrop.batching.schedule.Sequence;
import dev.outcrop.models.engine.Sampling;
import java.util.Arrays;
import java.util.Random;

/**
 * Tenants that each begin all their prompts in the same way, and their sequences. A sequence is
 * made, and its prompt hashed, where it would be in a server: not by the scheduler.
 */
final class Tenancy {
  static final int TENANTS = 100;
  static final int UNIT_TOKENS = 32;
  static final int PROMPT = 2_048;

  /** Tokens at the front of each prompt that all prompts of a tenant share. */
  static final int SHARED = 1_024;

  private static final int VOCABULARY = 100_000;
  private static final int[] NO_STOPS = {};

  private final UnitHashes hashes = new UnitHashes(1, 2);
  private final Flow[] flows = new Flow[TENANTS];
  private final int[][] prefixes = new int[TENANTS][];
  private final Random random;

  Tenancy(Policy policy, Random random) {
    this.random = random;
    Flow all = new Flow(0, Tier.DEFAULT, 1);
    for (int tenant = 0; tenant < TENANTS; tenant++) {
      flows[tenant] =
          switch (policy) {
            case FAIR -> new Flow(tenant, Tier.DEFAULT, weight(tenant));
            case FCFS -> all;
          };
      prefixes[tenant] = random.ints(SHARED, 0, VOCABULARY).toArray();
    }
  }

  /** A tenant's weight, from 1 to 3. */
  static int weight(int tenant) {
    return 1 + tenant % 3;
  }

  /** A new sequence of a tenant. */
  Sequence sequence(int tenant, int maxTokens) {
    int[] prompt = Arrays.copyOf(prefixes[tenant], PROMPT);
    for (int i = SHARED; i < PROMPT; i++) {
      prompt[i] = random.nextInt(VOCABULARY);
    }
    return new Sequence(
        flows[tenant],
        prompt,
        maxTokens,
        Sampling.GREEDY,
        NO_STOPS,
        Sequence.NEVER,
        new Sequence.PrefixKey(hashes, tenant, UNIT_TOKENS));
  }

  /** KV units of so many sequences that come to so many tokens each, shared ones counted once. */
  static int units(int sequences, int tokens) {
    int shared = SHARED / UNIT_TOKENS;
    int own = Math.ceilDiv(tokens, UNIT_TOKENS) - shared;
    return Math.min(TENANTS, sequences) * shared + sequences * own;
  }
}
