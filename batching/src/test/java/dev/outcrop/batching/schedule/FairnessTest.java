package dev.outcrop.batching.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.batching.Tier;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The promise of virtual token counters (Sheng et al., OSDI 2024): of two tenants of equal weight
 * that both wait, neither gets ahead of the other by more than 2 max(w_p L_in, w_q M), at any time.
 * First come first served breaks it on the same traces. So it is whether a prompt counts when it
 * starts or when it is run, and while others come with one request at a time.
 */
class FairnessTest {
  private static final int SERVICE_OF_BATCHES = 20;

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
  void keepsTheGapBetweenTenantsThatWait(int block) {
    run(block, 200);
  }

  @Tag("long")
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
  void keepsTheGapInTenThousandTraces(int block) {
    run(block, 1_000);
  }

  private static void run(int block, int traces) {
    int brokenByArrival = 0;
    for (int i = 0; i < traces; i++) {
      long seed = block * 1_000_003L + i;
      Trace fair = new Trace(seed, true);
      fair.run();
      assertThat(fair.worstGap).as("seed %d", seed).isLessThanOrEqualTo(fair.bound());
      assertThat(fair.worstComputedGap).as("seed %d", seed).isLessThanOrEqualTo(fair.bound());
      assertThat(fair.jain()).as("seed %d", seed).isGreaterThanOrEqualTo(0.99);
      if (i % 10 == 0) {
        Trace byArrival = new Trace(seed, false);
        byArrival.run();
        brokenByArrival += byArrival.worstGap > byArrival.bound() ? 1 : 0;
      }
    }
    assertThat(brokenByArrival).as("of %d traces", traces / 10).isGreaterThan(traces / 20);
  }

  /** Tenants of one tier and equal weight that have work from start to end. */
  private static final class Trace {
    private final boolean fair;
    private final Random random;
    private final int tenants;
    private final int maxRunning;
    private final int longestPrompt;
    private final int longestAnswer;
    private final Scheduler scheduler;
    private final Flow[] flows;
    private final Deque<Sequence>[] queues;
    private final List<Sequence> begun = new ArrayList<>();
    private final Random visits;
    private final Flow[] visitors;
    private final Sequence[] visiting;
    private final int[] queued;
    private final Map<Sequence, Integer> tenantOf = new HashMap<>();
    private final double[] service;
    private final double[] windowBegin;
    private final StepPlan plan = new StepPlan();
    private final StepOutcome outcome = new StepOutcome();
    private double worstGap;
    private double worstComputedGap;
    private double worstJain = 1;

    @SuppressWarnings("unchecked")
    Trace(long seed, boolean fair) {
      this.fair = fair;
      random = new Random(seed);
      tenants = 2 + random.nextInt(4);
      maxRunning = 2 + random.nextInt(6);
      longestPrompt = 1 + random.nextInt(24);
      longestAnswer = 1 + random.nextInt(12);
      int units = Math.ceilDiv(longestPrompt + longestAnswer, 4) + 5;
      KvGeometry geometry = new KvGeometry(4, maxRunning * units, 1, 10_000);
      scheduler = new Scheduler(geometry, Limits.of(maxRunning, maxRunning + 32));
      flows = new Flow[tenants];
      queues = (Deque<Sequence>[]) new Deque<?>[tenants];
      for (int tenant = 0; tenant < tenants; tenant++) {
        flows[tenant] = new Flow(tenant, Tier.DEFAULT, 1);
        queues[tenant] = new ArrayDeque<>();
      }
      queued = new int[tenants];
      visits = new Random(seed + 1);
      visitors = new Flow[visits.nextInt(4)];
      visiting = new Sequence[visitors.length];
      for (int visitor = 0; visitor < visitors.length; visitor++) {
        visitors[visitor] = new Flow(tenants + visitor, Tier.DEFAULT, 1);
      }
      service = new double[tenants];
      windowBegin = new double[tenants];
    }

    double bound() {
      return 2 * Math.max(longestPrompt, 2.0 * batchTokens());
    }

    double jain() {
      return worstJain;
    }

    private int batchTokens() {
      return maxRunning * (longestPrompt + longestAnswer);
    }

    void run() {
      double window = 0;
      double total = 0;
      while (total < SERVICE_OF_BATCHES * 2.0 * batchTokens() * tenants) {
        fill();
        visit();
        scheduler.plan(plan);
        for (int tenant = 0; tenant < tenants; tenant++) {
          countStarted(queues[tenant]);
        }
        int rows = plan.rows();
        int[] tokens = new int[rows];
        for (int row = 0; row < rows; row++) {
          tokens[row] = plan.sampling(row) == null ? StepResult.NO_TOKEN : 1;
        }
        scheduler.apply(
            new StepResult.Sampled(tokens, new float[rows], new int[rows][], new float[rows][]),
            1,
            outcome);
        for (int i = 0; i < outcome.entries(); i++) {
          Sequence sequence = outcome.sequence(i);
          Integer tenant = tenantOf.get(sequence);
          if (tenant != null) {
            service[tenant] += FairQueue.GENERATED_WEIGHT;
          }
          if (outcome.end(i) != null) {
            tenantOf.remove(sequence);
          }
        }
        worstGap = Math.max(worstGap, gap(service));
        worstComputedGap = Math.max(worstComputedGap, gap(computed()));
        total = sum(service);
        if (total - window >= 10 * 2.0 * batchTokens() * tenants) {
          closeWindow();
          window = total;
        }
      }
    }

    /** The first tenant asks for much, the others for little; all of them always wait. */
    private void fill() {
      for (int tenant = 0; tenant < tenants; tenant++) {
        int wanted = tenant == 0 ? 4 * maxRunning : maxRunning + 1;
        for (; queued[tenant] < wanted; queued[tenant]++) {
          int prompt = tenant == 0 ? longestPrompt : 1 + random.nextInt(longestPrompt);
          int answer = tenant == 0 ? longestAnswer : 1 + random.nextInt(longestAnswer);
          int[] ids = random.ints(prompt, 0, 1 << 20).toArray();
          Flow flow = flows[fair ? tenant : 0];
          Sequence sequence = TestSequences.of(flow, ids, answer, new int[0], 4);
          tenantOf.put(sequence, tenant);
          queues[fair ? tenant : 0].add(sequence);
          scheduler.add(sequence);
        }
      }
    }

    /** Now and then somebody comes with one request, and not again before it has ended. */
    private void visit() {
      for (int visitor = 0; visitor < visitors.length; visitor++) {
        Sequence last = visiting[visitor];
        if (visits.nextInt(8) == 0 && (last == null || last.phase == Sequence.Phase.ENDED)) {
          int[] ids = visits.ints(1 + visits.nextInt(longestPrompt), 0, 1 << 20).toArray();
          int answer = 1 + visits.nextInt(longestAnswer);
          Flow flow = fair ? visitors[visitor] : flows[0];
          visiting[visitor] = TestSequences.of(flow, ids, answer, new int[0], 4);
          scheduler.add(visiting[visitor]);
          if (!fair) {
            queues[0].add(visiting[visitor]);
          }
        }
      }
    }

    private static double gap(double[] of) {
      double most = of[0];
      double least = of[0];
      for (double one : of) {
        most = Math.max(most, one);
        least = Math.min(least, one);
      }
      return most - least;
    }

    private static double sum(double[] of) {
      double sum = 0;
      for (double one : of) {
        sum += one;
      }
      return sum;
    }

    /** The service without what has begun and is not run yet. */
    private double[] computed() {
      double[] computed = service.clone();
      begun.removeIf(sequence -> sequence.phase != Sequence.Phase.PREFILLING);
      for (Sequence sequence : begun) {
        computed[tenantOf.get(sequence)] -= FairQueue.PROMPT_WEIGHT * sequence.behind();
      }
      return computed;
    }

    private void countStarted(Deque<Sequence> queue) {
      while (!queue.isEmpty() && queue.peek().cachedTokens >= 0) {
        Sequence started = queue.remove();
        Integer tenant = tenantOf.get(started);
        if (tenant == null) {
          continue;
        }
        begun.add(started);
        queued[tenant]--;
        service[tenant] +=
            FairQueue.PROMPT_WEIGHT * (started.promptTokens() - started.cachedTokens());
      }
    }

    private void closeWindow() {
      double sum = 0;
      double squares = 0;
      for (int tenant = 0; tenant < tenants; tenant++) {
        double share = service[tenant] - windowBegin[tenant];
        windowBegin[tenant] = service[tenant];
        sum += share;
        squares += share * share;
      }
      worstJain = Math.min(worstJain, sum * sum / (tenants * squares));
    }
  }
}
