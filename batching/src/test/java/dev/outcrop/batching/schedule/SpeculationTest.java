package dev.outcrop.batching.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.batching.Tier;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import dev.outcrop.models.testing.FakeEngine;
import dev.outcrop.models.testing.FakeEngine.NextToken;
import dev.outcrop.models.testing.Roofline;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntToLongFunction;
import org.junit.jupiter.api.Test;

/** When tokens are guessed, what that brings, and what is counted. */
class SpeculationTest {
  private static final int PROMPT = 200;
  private static final int COMPLETION = 600;
  private static final int DRAFTS = 16;

  /** The prompt again and again. */
  private static final NextToken COPY =
      (history, prompt, length) -> history[(length - prompt) % prompt];

  /** Pairs come again all the time, what follows them does not. */
  private static final NextToken CHANCE = NextToken.hashed(16);

  /** The prompt again and again, every fifth token another. */
  private static final NextToken EDITED =
      (history, prompt, length) -> length % 5 == 0 ? 2_000 : COPY.next(history, prompt, length);

  /** A device that waits for memory: further tokens cost a twentieth of a step. */
  private static final IntToLongFunction MEMORY_BOUND = tokens -> 950 + 50L * tokens;

  /** A device that computes: every token costs the same. */
  private static final IntToLongFunction COMPUTE_BOUND = tokens -> 1_000L * tokens;

  /** What came of a run. */
  private record Run(
      List<List<Integer>> tokens,
      List<Integer> drafts,
      long nanos,
      long steps,
      SchedulerCounts counts) {
    double speed() {
      return (double) counts.tokensGenerated() / nanos;
    }
  }

  @Test
  void isMuchFasterWhereTextIsCopied() {
    Run plain = run(1, 0, COPY, MEMORY_BOUND);
    Run drafting = run(1, DRAFTS, COPY, MEMORY_BOUND);

    assertThat(drafting.tokens()).isEqualTo(plain.tokens());
    assertThat(drafting.speed() / plain.speed()).isGreaterThan(3);
    assertThat((double) drafting.counts().accepted() / drafting.counts().drafted())
        .isGreaterThan(0.9);
  }

  @Test
  void isMuchFasterForSeveralThatCopy() {
    double gain =
        run(8, DRAFTS, COPY, MEMORY_BOUND).speed() / run(8, 0, COPY, MEMORY_BOUND).speed();

    assertThat(gain).isGreaterThan(1.5);
  }

  @Test
  void isHardlySlowerWhereGuessesAreMostlyWrong() {
    for (int rows : new int[] {1, 4, 16}) {
      Run plain = run(rows, 0, CHANCE, MEMORY_BOUND);
      Run drafting = run(rows, DRAFTS, CHANCE, MEMORY_BOUND);

      assertThat(drafting.tokens()).isEqualTo(plain.tokens());
      assertThat(rows > 1 || drafting.counts().drafted() > 0).as("it was tried").isTrue();
      assertThat(drafting.speed() / plain.speed()).as(rows + " rows").isGreaterThan(0.97);
    }
  }

  @Test
  void isHardlySlowerWhereEveryTokenCostsTime() {
    for (NextToken next : List.of(COPY, CHANCE)) {
      Run plain = run(4, 0, next, COMPUTE_BOUND);
      Run drafting = run(4, DRAFTS, next, COMPUTE_BOUND);

      assertThat(drafting.tokens()).isEqualTo(plain.tokens());
      assertThat(drafting.speed() / plain.speed()).isGreaterThan(0.97);
    }
  }

  @Test
  void guessesNothingInLargeBatchesOrWhilePromptsRun() {
    assertNothingIsGuessed(Speculation.MOST_ROWS + 1, Speculation.MOST_ROWS + 1);
    assertNothingIsGuessed(2, 1); // one waits until the other one ends
  }

  private static void assertNothingIsGuessed(int sequences, int rows) {
    Scheduler scheduler = scheduler(rows, DRAFTS);
    FakeEngine engine = engine(COPY);
    Flow flow = TestSequences.flow(0, Tier.DEFAULT);
    for (int i = 0; i < sequences; i++) {
      scheduler.add(sequence(flow, i));
    }
    StepPlan plan = new StepPlan();
    StepOutcome outcome = new StepOutcome();
    while (scheduler.waiting() + scheduler.running() == sequences) {
      scheduler.plan(plan);
      assertThat(plan.drafts()).isZero();
      scheduler.apply((StepResult.Sampled) engine.submit(plan).await(), 1_000, outcome);
    }
  }

  @Test
  void triesAtMostTwiceAsManyAsItKnowsTheCostOf() {
    for (int rows : new int[] {1, 3, 8}) {
      for (NextToken next : List.of(COPY, EDITED)) {
        Run run = run(rows, DRAFTS, next, MEMORY_BOUND);
        int[] steps = new int[64];
        int known = 0;
        for (int drafts : run.drafts()) {
          assertThat(drafts).as(rows + " rows").isLessThanOrEqualTo(Math.max(rows, 2 * known));
          int size = StepBudget.size(Math.max(1, drafts));
          steps[size] += drafts > 0 ? 1 : 0;
          known = steps[size] < 3 ? known : Math.max(known, drafts);
        }
        assertThat(known).as(rows + " rows").isGreaterThan(2 * rows);
      }
    }
  }

  @Test
  void servesATenantByTheTokensItGotAndNotByGuesses() {
    Flow plain = TestSequences.flow(0, Tier.DEFAULT);
    Flow drafting = TestSequences.flow(0, Tier.DEFAULT);
    drive(scheduler(1, 0), engine(CHANCE), List.of(sequence(plain, 3)), MEMORY_BOUND);
    Run run =
        drive(scheduler(1, DRAFTS), engine(CHANCE), List.of(sequence(drafting, 3)), MEMORY_BOUND);

    assertThat(run.counts().drafted()).isGreaterThan(run.counts().accepted());
    assertThat(drafting.counter()).isEqualTo(plain.counter());
    assertThat(run.counts().tokensGenerated()).isEqualTo(COMPLETION);
  }

  /** The next turn of a conversation finds what was said, and nothing of what was only guessed. */
  @Test
  void keepsNoGuessInThePrefixCache() {
    Scheduler scheduler = scheduler(1, DRAFTS);
    FakeEngine engine = engine(CHANCE); // it checks every slot that is read
    Flow flow = TestSequences.flow(0, Tier.DEFAULT);
    Run first = drive(scheduler, engine, List.of(sequence(flow, 5)), MEMORY_BOUND);
    assertThat(scheduler.counts().drafted()).isGreaterThan(scheduler.counts().accepted());
    int[] next = new int[PROMPT + COMPLETION + 1];
    System.arraycopy(prompt(5), 0, next, 0, PROMPT);
    for (int i = 0; i < COMPLETION; i++) {
      next[PROMPT + i] = first.tokens().getFirst().get(i);
    }
    Sequence second = TestSequences.of(flow, next, 50, new int[0], 8);

    drive(scheduler, engine, List.of(second), MEMORY_BOUND);

    assertThat(second.cachedTokens()).isGreaterThanOrEqualTo(PROMPT + COMPLETION - 8);
    assertThat(scheduler.kv().referenced()).isZero();
    assertThat(scheduler.buffersHeld()).isZero();
  }

  private static Run run(int rows, int drafts, NextToken next, IntToLongFunction stepNanos) {
    Flow flow = TestSequences.flow(0, Tier.DEFAULT);
    List<Sequence> sequences = new ArrayList<>();
    for (int i = 0; i < rows; i++) {
      sequences.add(sequence(flow, i));
    }
    return drive(scheduler(rows, drafts), engine(next), sequences, stepNanos);
  }

  /** Counts the steps after the last prompt's. */
  private static Run drive(
      Scheduler scheduler,
      FakeEngine engine,
      List<Sequence> sequences,
      IntToLongFunction stepNanos) {
    sequences.forEach(scheduler::add);
    List<List<Integer>> tokens = new ArrayList<>();
    sequences.forEach(sequence -> tokens.add(new ArrayList<>()));
    List<Integer> drafts = new ArrayList<>();
    StepPlan plan = new StepPlan();
    StepOutcome outcome = new StepOutcome();
    long nanos = 0;
    long steps = 0;
    while (!scheduler.idle()) {
      boolean decodes = scheduler.prompts() == 0;
      scheduler.plan(plan);
      drafts.add(plan.drafts());
      long took = stepNanos.applyAsLong(plan.tokens());
      scheduler.apply((StepResult.Sampled) engine.submit(plan).await(), took, outcome);
      nanos += decodes ? took : 0;
      steps += decodes ? 1 : 0;
      for (int i = 0; i < outcome.entries(); i++) {
        tokens.get(sequences.indexOf(outcome.sequence(i))).add(outcome.token(i));
      }
    }
    return new Run(tokens, drafts, nanos, steps, scheduler.counts());
  }

  private static Scheduler scheduler(int rows, int drafts) {
    return new Scheduler(geometry(), Limits.of(rows, 512).drafting(drafts));
  }

  private static FakeEngine engine(NextToken next) {
    return new FakeEngine(
        geometry(), Roofline.INSTANT, next, FakeEngine.StepFault.NONE, nanos -> {});
  }

  private static KvGeometry geometry() {
    return new KvGeometry(8, 6_000, 1, 10_000);
  }

  private static Sequence sequence(Flow flow, int seed) {
    return TestSequences.of(flow, prompt(seed), COMPLETION, new int[0], 8);
  }

  private static int[] prompt(int seed) {
    return new Random(seed).ints(PROMPT, 0, 1_000).toArray();
  }
}
