package dev.outcrop.batching.schedule;

import dev.outcrop.batching.Tier;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Whose sequence starts next: the highest tier first; within a tier the tenant with the least
 * virtual token counter, after Sheng et al., "Fairness in Serving Large Language Models" (OSDI
 * 2024): each tenant's counter grows by the prompt tokens it has computed and by twice the tokens
 * it has generated, divided by its weight. A tenant that comes back from idle is lifted to the
 * least counter of those that waited meanwhile, so that idleness earns no credit. The gap between
 * two tenants that both wait all the time never exceeds 2 max(w_p L_in, w_q M).
 *
 * <p>The flex tier goes first while it has had less than its floor of the tokens that were run
 * while prompts of other tiers waited too.
 */
final class FairQueue {
  static final double PROMPT_WEIGHT = 1;
  static final double GENERATED_WEIGHT = 2;

  private static final int TIERS = Tier.values().length;
  private static final int FLEX = Tier.FLEX.rank();

  private final double flexFloor;
  private final Flow[][] backlogged = new Flow[TIERS][4];
  private final double[][] counters = new double[TIERS][4]; // of the backlogged, side by side
  private final int[] flows = new int[TIERS];
  private final double[] lastLeft = new double[TIERS];
  private final int[] waiting = new int[TIERS];
  private long serial;
  private int size;
  private double flexOwed;

  FairQueue(double flexFloor) {
    this.flexFloor = flexFloor;
  }

  /** Queues a sequence under its flow. */
  void add(Sequence sequence) {
    Flow flow = sequence.flow;
    int tier = flow.tier.rank();
    if (flow.waiting() == 0) {
      lift(flow, tier);
      if (flows[tier] == backlogged[tier].length) {
        backlogged[tier] = Arrays.copyOf(backlogged[tier], 2 * flows[tier]);
        counters[tier] = Arrays.copyOf(counters[tier], 2 * flows[tier]);
      }
      flow.place = flows[tier];
      counters[tier][flow.place] = flow.counter;
      backlogged[tier][flows[tier]++] = flow;
    }
    if (tier == FLEX && waiting[FLEX] == 0) {
      flexOwed = Math.min(flexOwed, 0); // idleness earns no credit
    }
    if (sequence.serial < 0) {
      sequence.serial = serial++;
    }
    flow.add(sequence);
    waiting[tier]++;
    size++;
  }

  private void lift(Flow flow, int tier) {
    double least = flows[tier] == 0 ? lastLeft[tier] : Double.POSITIVE_INFINITY;
    for (int i = 0; i < flows[tier]; i++) {
      least = Math.min(least, counters[tier][i]);
    }
    flow.counter = Math.max(flow.counter, least);
  }

  /** Takes a sequence out, wherever it stands. */
  void remove(Sequence sequence) {
    Flow flow = sequence.flow;
    int tier = flow.tier.rank();
    flow.remove(sequence);
    waiting[tier]--;
    size--;
    if (flow.waiting() == 0) {
      Flow last = backlogged[tier][--flows[tier]];
      backlogged[tier][flow.place] = last;
      counters[tier][flow.place] = last.counter;
      last.place = flow.place;
      Arrays.fill(backlogged[tier], flows[tier], flows[tier] + 1, null);
      flow.place = Flow.NOWHERE;
      lastLeft[tier] = flow.counter;
    }
  }

  /** The sequence of this tier to start next, or null. */
  @Nullable Sequence first(Tier tier) {
    int count = flows[tier.rank()];
    if (count == 0) {
      return null;
    }
    double[] counter = counters[tier.rank()];
    Flow[] flow = backlogged[tier.rank()];
    int best = 0;
    for (int i = 1; i < count; i++) {
      if (counter[i] < counter[best]
          || (counter[i] == counter[best] && breaksTie(flow[i], flow[best]))) {
        best = i;
      }
    }
    return flow[best].first();
  }

  /** Of two with the same counter the one that has less running: mostly one that comes back. */
  private static boolean breaksTie(Flow flow, Flow other) {
    return flow.running == other.running
        ? flow.first().before(other.first())
        : flow.running < other.running;
  }

  /** Whether flex is owed tokens. */
  boolean flexIsDue() {
    return flexOwed > 0;
  }

  /** A flow's tokens were computed. */
  void serve(Flow flow, double service) {
    flow.counter += service / flow.weight;
    if (flow.place != Flow.NOWHERE) {
      counters[flow.tier.rank()][flow.place] = flow.counter;
    }
  }

  /**
   * A step runs while prompts of other tiers wait: flex has its floor of it, or is owed the rest.
   */
  void contended(int tokens, int flexTokens) {
    flexOwed += flexFloor * tokens - flexTokens;
  }

  /** Sequences queued. */
  int size() {
    return size;
  }

  /** Sequences queued in a tier. */
  int size(Tier tier) {
    return waiting[tier.rank()];
  }
}
