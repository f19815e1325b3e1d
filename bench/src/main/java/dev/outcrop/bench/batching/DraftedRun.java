package dev.outcrop.bench.batching;

import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.Tier;
import dev.outcrop.batching.kv.UnitHashes;
import dev.outcrop.batching.schedule.Flow;
import dev.outcrop.batching.schedule.Limits;
import dev.outcrop.batching.schedule.Scheduler;
import dev.outcrop.batching.schedule.Sequence;
import dev.outcrop.batching.schedule.StepOutcome;
import dev.outcrop.models.engine.Engine;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import java.util.Arrays;
import java.util.function.LongSupplier;

/**
 * Sequences of one script, all there from the start, through the server's scheduler.
 *
 * @param tokens generated after the last prompt was run
 * @param nanos of the steps that generated them
 * @param steps how many that were
 * @param drafted tokens guessed
 * @param accepted of these, right ones
 */
record DraftedRun(long tokens, long nanos, long steps, long drafted, long accepted) {
  private static final int[] NO_STOPS = {};

  /**
   * Runs them.
   *
   * @param scripts every sequence's tokens, prompt first
   * @param prompt how many of them are prompt
   * @param drafts the most guesses of a sequence in a step, 0 for none
   */
  static DraftedRun of(
      Engine engine, int[][] scripts, int prompt, int drafts, LongSupplier nanoClock) {
    int rows = scripts.length;
    int stepTokens = Math.max(rows, BatchingConfig.DEFAULT.maxStepTokens());
    Limits limits = Limits.of(rows, stepTokens).drafting(drafts);
    Scheduler scheduler = new Scheduler(engine.geometry(), limits);
    var key = new Sequence.PrefixKey(UnitHashes.random(), 0, engine.geometry().unitTokens());
    Flow flow = new Flow(0, Tier.DEFAULT, 1);
    for (int i = 0; i < rows; i++) {
      int[] tokens = scripts[i];
      tokens[0] = i; // by its first token a row of the plan is known
      Sequence sequence =
          new Sequence(
              flow,
              Arrays.copyOf(tokens, prompt),
              tokens.length - prompt,
              Sampling.GREEDY,
              NO_STOPS,
              Sequence.NEVER,
              key);
      scheduler.add(sequence);
    }
    StepPlan plan = new StepPlan();
    StepOutcome outcome = new StepOutcome();
    long generated = 0;
    long time = 0;
    long steps = 0;
    while (!scheduler.idle()) {
      boolean decodes = scheduler.prompts() == 0;
      long before = scheduler.counts().tokensGenerated();
      long begin = nanoClock.getAsLong();
      scheduler.plan(plan);
      StepResult.Sampled result = (StepResult.Sampled) engine.submit(plan).await();
      say(plan, scripts, result.tokens());
      long nanos = nanoClock.getAsLong() - begin;
      scheduler.apply(result, nanos, outcome);
      if (decodes) {
        generated += scheduler.counts().tokensGenerated() - before;
        time += nanoClock.getAsLong() - begin;
        steps++;
      }
    }
    long drafted = scheduler.counts().drafted();
    return new DraftedRun(generated, time, steps, drafted, scheduler.counts().accepted());
  }

  /** Replaces what the engine chose. */
  private static void say(StepPlan plan, int[][] scripts, int[] chosen) {
    for (int row = 0; row < plan.rows(); row++) {
      if (plan.sampling(row) == null) {
        continue;
      }
      int[] script = scripts[plan.history(row)[0]];
      int first = plan.historyLength(row) - plan.drafts(row);
      for (int i = 0; i <= plan.drafts(row); i++) {
        chosen[plan.firstResult(row) + i] = script[first + i];
      }
    }
  }

  double tokensPerSecond() {
    return tokens * 1e9 / nanos;
  }
}
