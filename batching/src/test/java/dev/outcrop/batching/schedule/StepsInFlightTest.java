package dev.outcrop.batching.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.batching.Tier;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import dev.outcrop.models.testing.Roofline;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Several steps planned before the first of them is applied. */
class StepsInFlightTest extends StagedRuns {
  /** Decodes that take their time by the row, as arithmetic and reading KV do. */
  @ParameterizedTest
  @ValueSource(ints = {2, 4})
  void generatesAsManyTimesFasterAsThereAreStages(int stages) {
    Roofline byTheRow = new Roofline(0, 1_000, 1e15, 1e9, 0);
    long one = generate(1, 16, byTheRow);
    long several = generate(stages, 16, byTheRow);

    assertThat(most).isEqualTo(stages);
    assertThat((double) one / several).isBetween(0.95 * stages, (double) stages);
  }

  /** Decodes that take as long for one row as for many, as reading weights does. */
  @Test
  void generatesFasterWithMoreSequencesWhereStepsTakeTheSameTime() {
    Roofline constant = new Roofline(0, 0, 1e15, 1, 1_000_000);
    long one = generate(1, 16, constant);
    long same = generate(2, 16, constant);
    long twice = generate(2, 32, constant);

    assertThat((double) same / one).as("a sequence waits for all stages").isBetween(0.95, 1.05);
    assertThat((double) twice / one).as("twice the tokens in the time").isBetween(0.95, 1.05);
  }

  private long generate(int stages, int sequences, Roofline roofline) {
    Limits limits = Limits.of(32, 64);
    start(new KvGeometry(32, 2_000, 1, 10_000), limits, stages, roofline);
    for (int i = 0; i < sequences; i++) {
      add(0, new int[] {i, 1, 2}, 400);
    }
    long begin = clock;
    runToTheEnd();
    return clock - begin;
  }

  /** Each of them has its part of the decodes, however they came. */
  @Test
  void sharesDecodesOutEvenly() {
    start(new KvGeometry(32, 2_000, 1, 10_000), Limits.of(32, 64), 3, Roofline.INSTANT);
    for (int i = 0; i < 20; i++) {
      add(0, new int[] {i, 1, 2}, 50);
      step();
    }
    for (int i = 0; i < 10; i++) {
      step();
    }
    for (int i = 0; i < 12; i++) {
      while (flying.size() < 3 && begin()) {}
      assertThat(flying.stream().map(it -> it.plan().rows()).sorted().toList())
          .isEqualTo(List.of(6, 7, 7));
      end();
    }
    runToTheEnd();
  }

  /** The second chunk needs nothing of the first but its KV. */
  @Test
  void runsChunksOfAPromptBehindEachOther() {
    Roofline byTheToken = new Roofline(0, 1_000, 1e15, 1e9, 0);
    long[] took = new long[2];
    for (int stages = 1; stages <= 2; stages++) {
      Limits limits = Limits.of(4, 256);
      start(new KvGeometry(32, 500, 1, 10_000), limits, stages, byTheToken);
      long begin = clock;
      TraceRequest request = add(0, new Random(7).ints(4_096, 0, VOCABULARY).toArray(), 1);
      for (int i = 0; i < stages; i++) {
        assertThat(begin()).isTrue();
      }
      assertThat(flying.getLast().plan().position(0)).isEqualTo(256 * (stages - 1));
      assertThat(request.sequence.computed).isZero();
      runToTheEnd();
      took[stages - 1] = clock - begin;
    }
    // 16 chunks through two stages are 17 halves.
    assertThat((double) took[0] / took[1]).isBetween(1.85, 1.9);
  }

  /** A lone prompt that one step could hold goes in parts. */
  @Test
  void cutsAPromptSoThatAllStagesHaveWork() {
    start(new KvGeometry(32, 500, 1, 10_000), Limits.of(4, 2_048), 2, Roofline.INSTANT);
    add(0, new Random(7).ints(1_600, 0, VOCABULARY).toArray(), 1);

    assertThat(begin()).isTrue();
    assertThat(begin()).isTrue();

    assertThat(flying.getFirst().plan().tokens()).isEqualTo(800);
    assertThat(flying.getLast().plan().tokens()).isEqualTo(400);
    runToTheEnd();
  }

  /** Steps in flight share the time between two tokens. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void keepsTheTokenIntervalWhilePromptsRun(int stages) {
    long target = 50_000_000;
    Limits limits = new Limits(32, 0, 2_048, target, 0.02, 1);
    Roofline device = new Roofline(0, 1_000_000, 1e15, 1e10, 2_000_000); // 0.1 ms a token
    start(new KvGeometry(32, 2_000, 1, 10_000), limits, stages, device);
    List<TraceRequest> streams = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      streams.add(add(0, new int[] {i, 1, 2}, 2_000));
    }
    for (int i = 0; i < 40 * stages; i++) {
      step();
    }
    Random random = new Random(7);
    for (int i = 0; i < 10; i++) {
      add(1 + i % 3, random.ints(4_000, 0, VOCABULARY).toArray(), 2);
    }
    long begin = clock;
    int before = streams.getFirst().published.size();
    long slowest = 0;
    while (scheduler.prompts() > 0) {
      long last = clock;
      int known = streams.getFirst().published.size();
      while (streams.getFirst().published.size() == known) {
        step();
      }
      slowest = Math.max(slowest, clock - last);
    }
    double mean = (double) (clock - begin) / (streams.getFirst().published.size() - before);
    assertThat(mean).isBetween(0.6 * target, (double) target);
    assertThat(slowest).isLessThan(target * 6 / 5);
    assertThat(stages * (clock - begin)).as("prompts are faster").isLessThan(4_700_000_000L);
  }

  /** A step without prompts waits for those ahead of it: that is not what its decodes take. */
  @Test
  void learnsNothingOfDecodesBehindPrompts() {
    start(new KvGeometry(32, 100, 1, 1_000), Limits.of(4, 64), 2, Roofline.INSTANT);
    add(0, new int[] {1, 2}, 100);
    StepPlan[] plan = {new StepPlan(), new StepPlan()};
    StepResult.Sampled result = result(1, 7);
    for (int i = 0; i < 3; i++) {
      scheduler.plan(plan[0]);
      scheduler.apply(result, 1_000, outcome);
    }
    assertThat(scheduler.decodeNanos(1)).isEqualTo(1_000);

    scheduler.plan(plan[0]);
    add(0, new int[] {3, 4, 5}, 100);
    scheduler.plan(plan[1]);
    assertThat(plan[1].tokens()).isEqualTo(3);
    scheduler.apply(result, 1_000, outcome);
    scheduler.plan(plan[0]);
    assertThat(plan[0].tokens()).isEqualTo(1);
    scheduler.apply(result, 80_000, outcome);
    scheduler.apply(result, 80_000, outcome);

    assertThat(scheduler.decodeNanos(1)).isEqualTo(1_000);
  }

  private static StepResult.Sampled result(int rows, int token) {
    int[] tokens = new int[rows];
    Arrays.fill(tokens, token);
    return new StepResult.Sampled(tokens, new float[rows], new int[rows][0], new float[rows][0]);
  }

  @Test
  void tellsOnceThatASequenceFailedAndThenFreesItsKv() {
    start(new KvGeometry(4, 20, 1, 80), Limits.of(4, 8), 2, Roofline.INSTANT);
    TraceRequest request = add(0, new Random(7).ints(40, 0, VOCABULARY).toArray(), 8);
    StepPlan[] plan = {new StepPlan(), new StepPlan()};
    scheduler.plan(plan[0]);
    scheduler.plan(plan[1]);
    assertThat(plan[1].position(0)).isEqualTo(8);

    scheduler.apply(result(1, StepResult.ROW_FAILED), 1, outcome);
    assertThat(outcome.entries()).isEqualTo(1);
    assertThat(outcome.end(0)).isEqualTo(StepOutcome.End.FAILED);
    assertThat(scheduler.wants(0)).as("its next chunk").isFalse();
    assertThat(scheduler.kv().referenced()).isPositive();
    assertThat(scheduler.cancel(request.sequence)).isFalse();
    scheduler.plan(plan[0]);
    assertThat(plan[0].rows()).isZero();

    scheduler.apply(result(1, StepResult.NO_TOKEN), 1, outcome);
    assertThat(outcome.entries()).isZero();
    assertThat(scheduler.idle()).isTrue();
    assertThat(scheduler.kv().referenced()).isZero();
    assertThat(scheduler.counts().promptTokensLeft()).isZero();
  }

  @Test
  void keepsTheKvOfACancelledSequenceUntilItsStepsAreDone() {
    start(new KvGeometry(4, 20, 1, 80), Limits.of(4, 8), 2, Roofline.INSTANT);
    TraceRequest request = add(0, new Random(7).ints(40, 0, VOCABULARY).toArray(), 8);
    assertThat(begin()).isTrue();
    assertThat(begin()).isTrue();
    int held = scheduler.kv().referenced();

    assertThat(scheduler.cancel(request.sequence)).as("not gone yet").isFalse();
    assertThat(scheduler.cancel(request.sequence)).isFalse();
    end();
    assertThat(scheduler.kv().referenced()).isEqualTo(held);
    assertThat(begin()).as("nothing more of it runs").isFalse();
    assertThat(request.ends).isZero();
    end();

    assertThat(request.end).isEqualTo(StepOutcome.End.CANCELLED);
    assertThat(scheduler.kv().referenced()).isZero();
    assertThat(scheduler.idle()).isTrue();
  }

  @Test
  void endsEverythingWithStepsInFlight() {
    start(new KvGeometry(4, 40, 1, 80), Limits.of(4, 8), 2, Roofline.INSTANT);
    TraceRequest left = add(0, new Random(7).ints(40, 0, VOCABULARY).toArray(), 8);
    add(0, new Random(8).ints(20, 0, VOCABULARY).toArray(), 8);
    assertThat(begin()).isTrue();
    assertThat(begin()).isTrue();
    scheduler.cancel(left.sequence);

    scheduler.clear();

    assertThat(scheduler.idle()).isTrue();
    assertThat(scheduler.kv().referenced()).isZero();
    assertThat(scheduler.counts().promptTokensLeft()).isZero();
    assertThat(scheduler.buffersHeld()).isZero();
  }

  /**
   * Where the arena is full, an upper tier waits for those whose steps are in flight, and gets it.
   */
  @Test
  void makesWayForAnUpperTierOnceStepsAreDone() {
    start(new KvGeometry(4, 20, 1, 80), Limits.of(4, 64), 2, new Roofline(0, 1, 1e15, 1e9, 1));
    for (int i = 0; i < 2; i++) {
      add(Tier.DEFAULT.rank(), new int[] {i, 1, 2}, 36);
    }
    for (int i = 0; i < 6; i++) {
      step();
    }
    TraceRequest urgent =
        add(Tier.RESERVED.rank(), new Random(7).ints(48, 0, VOCABULARY).toArray(), 16);
    int steps = 0;
    while (urgent.published.isEmpty()) {
      assertThat(steps++).isLessThan(8);
      step();
    }
    assertThat(scheduler.counts().preemptions()).isEqualTo(2);
    runToTheEnd();
  }

  /** A long prompt has a chunk in every stage, and gets no more of them once it has to go. */
  @Test
  void makesWayForAnUpperTierWhileAPromptRuns() {
    start(new KvGeometry(4, 100, 1, 400), Limits.of(4, 8), 2, new Roofline(0, 1, 1e15, 1e9, 1));
    TraceRequest flex = add(Tier.FLEX.rank(), prompt(360), 30);
    step();
    step();
    TraceRequest urgent = add(Tier.RESERVED.rank(), prompt(8), 300);
    for (int i = 0; i < 3; i++) {
      step();
    }
    assertThat(scheduler.counts().preemptions()).isEqualTo(1);
    assertThat(urgent.sequence.hasStarted()).isTrue();
    assertThat(flex.sequence.completionTokens()).isZero();
    runToTheEnd();
  }

  /** As many go as make room enough, and none waits for another to be gone. */
  @Test
  void makesWayForAnUpperTierInOneRoundOfSteps() {
    start(new KvGeometry(4, 40, 1, 160), Limits.of(8, 64), 4, new Roofline(0, 1, 1e15, 1e9, 1));
    for (int i = 0; i < 8; i++) {
      add(Tier.DEFAULT.rank(), new int[] {i, 1, 2}, 17);
    }
    for (int i = 0; i < 12; i++) {
      step();
    }
    assertThat(scheduler.kv().room()).isZero();
    TraceRequest urgent = add(Tier.RESERVED.rank(), prompt(100), 20);
    for (int i = 0; i < 4; i++) {
      step();
    }
    assertThat(scheduler.counts().preemptions()).isGreaterThanOrEqualTo(6);
    assertThat(urgent.sequence.hasStarted()).isTrue();
    runToTheEnd();
  }

  private static int[] prompt(int tokens) {
    return new Random(tokens).ints(tokens, 0, VOCABULARY).toArray();
  }

  /** The same where a sequence that decodes needs the room. */
  @Test
  void growsADecodeWhileALowerTiersPromptRuns() {
    start(new KvGeometry(4, 100, 1, 400), Limits.of(4, 4), 2, new Roofline(0, 1, 1e15, 1e9, 1));
    TraceRequest chat = add(Tier.DEFAULT.rank(), prompt(3), 100);
    while (chat.published.isEmpty()) {
      step();
    }
    TraceRequest flex = add(Tier.FLEX.rank(), prompt(340), 30);
    while (scheduler.kv().room() > 0 || chat.sequence.computed < chat.sequence.room) {
      step();
    }
    assertThat(flex.sequence.phase).isEqualTo(Sequence.Phase.PREFILLING);
    int known = chat.published.size();
    for (int i = 0; i < 6; i++) {
      step();
    }
    assertThat(chat.published).hasSizeGreaterThan(known);
    assertThat(scheduler.counts().preemptions()).isEqualTo(1);
    runToTheEnd();
  }
}
