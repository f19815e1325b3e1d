package dev.outcrop.bench.scheduler;

import com.sun.management.ThreadMXBean;
import dev.outcrop.batching.schedule.Limits;
import dev.outcrop.batching.schedule.Scheduler;
import dev.outcrop.batching.schedule.StepOutcome;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Random;

/**
 * A scheduler under a load that never changes: every row taken, four times as many sequences
 * waiting, the KV cache almost full of running sequences, and one sequence in twenty ending with
 * each step. Used by one thread.
 */
final class SteadyLoad {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private static final int WAITING_PER_ROW = 4;
  private static final double KV_FILL = 0.95;
  private static final int LEAST_COMPLETION = 10;
  private static final int MOST_COMPLETION = 30;
  private static final int STEPS_TO_SIZE = 200;
  private static final int ROUNDS_TO_SIZE = 3;
  private static final int STEPS_TO_SETTLE = 1_000;
  private static final int ANY_TOKEN = 7;

  private final int rows;
  private final Random random = new Random(1);
  private final Tenancy tenancy;
  private final int[] lottery;
  private final Scheduler scheduler;
  private final StepPlan plan = new StepPlan();
  private final StepOutcome outcome = new StepOutcome();
  private final StepResult.Sampled result;
  private final Tally tally = new Tally();
  private int referenced;

  private SteadyLoad(int rows, Policy policy, int units) {
    this.rows = rows;
    tenancy = new Tenancy(policy, random);
    lottery = lottery();
    scheduler =
        new Scheduler(
            new KvGeometry(Tenancy.UNIT_TOKENS, units, 1, 2 * Tenancy.PROMPT),
            // Whatever starts in a step is run in it: the most work that turnover can make.
            new Limits(rows, 0, rows * Tenancy.PROMPT, Long.MAX_VALUE, 0.02, 1));
    int[] tokens = new int[rows];
    Arrays.fill(tokens, ANY_TOKEN);
    result = new StepResult.Sampled(tokens, new float[rows], new int[rows][], new float[rows][]);
  }

  /**
   * The load, after so many steps that it has become steady. How many units the running sequences
   * hold depends on what else the cache keeps, so the arena's size is found in a few rounds.
   */
  static SteadyLoad of(int rows, Policy policy) {
    int units = 2 * rows * Math.ceilDiv(Tenancy.PROMPT + MOST_COMPLETION, Tenancy.UNIT_TOKENS);
    for (int round = 0; round < ROUNDS_TO_SIZE; round++) {
      SteadyLoad sized = new SteadyLoad(rows, policy, units);
      sized.settle(STEPS_TO_SIZE);
      units = (int) Math.ceil(sized.tally.referencedUnits / sized.tally.steps / KV_FILL);
    }
    SteadyLoad load = new SteadyLoad(rows, policy, units);
    load.settle(STEPS_TO_SETTLE);
    return load;
  }

  private void settle(int steps) {
    for (int i = 0; i < steps; i++) {
      if (i == steps / 2) {
        tally.clear();
      }
      arrive();
      step();
      count();
    }
  }

  /** Tenants ask for as much as they are given, so that all of them keep waiting. */
  private static int[] lottery() {
    int[] tickets = new int[Tenancy.TENANTS * 3];
    int drawn = 0;
    for (int tenant = 0; tenant < Tenancy.TENANTS; tenant++) {
      for (int i = 0; i < Tenancy.weight(tenant); i++) {
        tickets[drawn++] = tenant;
      }
    }
    return Arrays.copyOf(tickets, drawn);
  }

  /** Between two steps: as many new sequences as have left the queue. */
  void arrive() {
    while (scheduler.waiting() < WAITING_PER_ROW * rows) {
      int tenant = lottery[random.nextInt(lottery.length)];
      int completion = random.nextInt(LEAST_COMPLETION, MOST_COMPLETION + 1);
      var sequence = tenancy.sequence(tenant, completion);
      long begin = System.nanoTime();
      scheduler.add(sequence);
      tally.addNanos += System.nanoTime() - begin;
    }
  }

  /** One step, as the engine loop takes it; the part that is measured. */
  int step() {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    scheduler.plan(plan);
    referenced = scheduler.kv().referenced();
    scheduler.apply(result, 1, outcome);
    tally.bytes += THREADS.getCurrentThreadAllocatedBytes() - before;
    return outcome.entries();
  }

  /** After a step: counts what it was like. */
  void count() {
    tally.steps++;
    tally.tokens += plan.tokens();
    tally.running += plan.rows();
    tally.waiting += scheduler.waiting();
    tally.referencedUnits += referenced;
    for (int entry = 0; entry < outcome.entries(); entry++) {
      if (outcome.end(entry) != null) {
        tally.ended++;
      }
    }
  }

  /** The steps since this was last cleared. */
  Tally tally() {
    return tally;
  }

  Scheduler scheduler() {
    return scheduler;
  }

  /** Sums over steps. */
  static final class Tally {
    long steps;
    long bytes;
    long addNanos;
    long tokens;
    long running;
    long waiting;
    long ended;
    double referencedUnits;

    void clear() {
      steps = 0;
      bytes = 0;
      addNanos = 0;
      tokens = 0;
      running = 0;
      waiting = 0;
      ended = 0;
      referencedUnits = 0;
    }
  }
}
