package dev.outcrop.bench.scheduler;

import dev.outcrop.batching.schedule.Limits;
import dev.outcrop.batching.schedule.Scheduler;
import dev.outcrop.batching.schedule.StepOutcome;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import dev.outcrop.models.testing.FakeEngine;
import dev.outcrop.models.testing.Roofline;
import java.util.Arrays;
import java.util.Random;

/**
 * Throughput of one trace under one policy, on a fake engine that takes the time of an 8 B model in
 * bfloat16 on four H100: the engine's time is computed, the scheduler's is measured.
 *
 * <p>All requests are there from the start. Tenants differ in how many they have (Zipf), so that
 * the two policies run them in very different orders.
 */
final class FairnessCost {
  private static final Roofline FOUR_H100 =
      Roofline.dense(8_000_000_000L, 2, 4 * 3.35e12, 4 * 495e12, 300_000);
  private static final long KV_BYTES = 131_072;
  private static final int MOST_COMPLETION = 256;
  private static final long TOKEN_INTERVAL = 50_000_000;

  private final Scheduler scheduler;
  private final FakeEngine engine;
  private final StepPlan plan = new StepPlan();
  private final StepOutcome outcome = new StepOutcome();
  private long engineNanos;
  private long[] hostNanos = new long[1_024];
  private int steps;

  /**
   * What a trace came to.
   *
   * @param tokensPerSecond completion tokens per second, the scheduler's time included
   * @param engineTokensPerSecond the same without the scheduler's time; the same on every machine
   * @param hostMicros the median step of the scheduler
   */
  record Throughput(double tokensPerSecond, double engineTokensPerSecond, double hostMicros) {}

  private FairnessCost(int rows) {
    int units = Tenancy.units(rows, Tenancy.PROMPT + MOST_COMPLETION) * 20 / 19;
    KvGeometry geometry =
        new KvGeometry(Tenancy.UNIT_TOKENS, units, KV_BYTES, Tenancy.PROMPT + MOST_COMPLETION);
    scheduler =
        new Scheduler(
            geometry, new Limits(rows, 0, rows + Math.max(rows, 8_192), TOKEN_INTERVAL, 0.02, 1));
    engine =
        new FakeEngine(
            geometry,
            FOUR_H100,
            (history, prompt, length) -> 1,
            FakeEngine.StepFault.NONE,
            nanos -> engineNanos += nanos);
  }

  /** Runs a trace of so many requests, so many at a time. */
  static Throughput of(Policy policy, int rows, int requests) {
    FairnessCost run = new FairnessCost(rows);
    Random random = new Random(2);
    Tenancy tenancy = new Tenancy(policy, random);
    long tokens = 0;
    for (int i = 0; i < requests; i++) {
      int completion = random.nextInt(1, MOST_COMPLETION + 1);
      run.scheduler.add(tenancy.sequence(tenant(random), completion));
      tokens += completion;
    }
    while (!run.scheduler.idle()) {
      run.step();
    }
    double host = run.medianHostNanos();
    return new Throughput(
        tokens / ((run.engineNanos + run.steps * host) / 1e9),
        tokens / (run.engineNanos / 1e9),
        host / 1e3);
  }

  /** The tenant of number n asks 1 / (n + 1) times as often as the first. */
  private static int tenant(Random random) {
    double logarithm = random.nextDouble() * Math.log(Tenancy.TENANTS + 1);
    return Math.min(Tenancy.TENANTS - 1, (int) Math.exp(logarithm) - 1);
  }

  private void step() {
    long begin = System.nanoTime();
    scheduler.plan(plan);
    long planned = System.nanoTime();
    long engineBefore = engineNanos;
    StepResult.Sampled result = (StepResult.Sampled) engine.submit(plan).await();
    long ran = System.nanoTime();
    scheduler.apply(result, engineNanos - engineBefore, outcome);
    long host = System.nanoTime() - ran + planned - begin;
    if (steps == hostNanos.length) {
      hostNanos = Arrays.copyOf(hostNanos, 2 * steps);
    }
    hostNanos[steps++] = host;
  }

  /** The median, times the number of steps: what else the machine did does not count. */
  private double medianHostNanos() {
    long[] sorted = Arrays.copyOf(hostNanos, steps);
    Arrays.sort(sorted);
    return sorted[steps / 2];
  }
}
