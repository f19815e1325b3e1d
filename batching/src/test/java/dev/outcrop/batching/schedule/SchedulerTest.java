package dev.outcrop.batching.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.batching.Tier;
import dev.outcrop.batching.schedule.StepOutcome.End;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SchedulerTest {
  private static final int TOKEN = 7;

  private int next;
  private final StepPlan plan = new StepPlan();
  private final StepOutcome outcome = new StepOutcome();
  private final Flow flow = TestSequences.flow(0, Tier.DEFAULT);
  private Scheduler scheduler = new Scheduler(new KvGeometry(4, 25, 1, 100), Limits.of(4, 8));

  @Test
  void runsAShortPromptInOneStepAndSamplesAtItsEnd() {
    scheduler.add(sequence(3, 2));

    assertThat(plan()).containsExactly("@0+3 sample");
    apply(TOKEN);
    assertThat(plan()).containsExactly("@3+1 sample");
    assertThat(plan.tokenId(0, 0)).isEqualTo(TOKEN);
    assertThat(plan.historyPrompt(0)).isEqualTo(3);
    assertThat(plan.historyLength(0)).isEqualTo(4);
    apply(TOKEN);

    assertThat(outcome.end(0)).isEqualTo(End.LENGTH);
    assertThat(scheduler.idle()).isTrue();
    assertThat(scheduler.kv().referenced()).isZero();
  }

  @Test
  void samplesOnlyOnTheLastChunkOfALongPrompt() {
    scheduler.add(sequence(18, 1));

    assertThat(plan()).containsExactly("@0+8");
    apply(StepResult.NO_TOKEN);
    assertThat(plan()).containsExactly("@8+8");
    assertThat(scheduler.counts().promptTokensLeft()).isEqualTo(10);
    assertThat(scheduler.prompts()).isEqualTo(1);
    apply(StepResult.NO_TOKEN);
    assertThat(plan()).containsExactly("@16+2 sample");
    apply(TOKEN);

    assertThat(outcome.entries()).isEqualTo(1);
    assertThat(outcome.token(0)).isEqualTo(TOKEN);
  }

  @Test
  void putsDecodesBeforePrefillChunksWithinTheBudget() {
    scheduler.add(sequence(2, 9));
    scheduler.add(sequence(3, 9));
    plan();
    apply(TOKEN, TOKEN);
    scheduler.add(sequence(20, 9));

    assertThat(plan()).containsExactly("@2+1 sample", "@3+1 sample", "@0+6");
  }

  @Test
  void continuesAChunkedPromptBeforeItStartsAnother() {
    scheduler.add(sequence(10, 1));
    scheduler.add(sequence(5, 1));
    assertThat(plan()).containsExactly("@0+8");
    apply(StepResult.NO_TOKEN);

    assertThat(plan()).containsExactly("@8+2 sample", "@0+5 sample");
  }

  @Test
  void keepsTheRowLimit() {
    IntStream.range(0, 9).forEach(i -> scheduler.add(sequence(1, 5)));

    assertThat(plan()).hasSize(4);
    assertThat(scheduler.running()).isEqualTo(4);
    assertThat(scheduler.waiting()).isEqualTo(5);
  }

  @Test
  void letsNobodyOvertakeTheHeadOfTheQueue() {
    scheduler.add(sequence(40, 30));
    scheduler.add(sequence(40, 30));
    scheduler.add(sequence(1, 1));

    plan();
    apply(StepResult.NO_TOKEN);
    plan();

    assertThat(scheduler.running()).isEqualTo(1);
    assertThat(scheduler.waiting()).isEqualTo(2);
    assertThat(scheduler.counts().queuedTokens()).isEqualTo(41);
  }

  @Test
  void givesTheUnitsOfAnEndedSequenceToTheNextPlan() {
    scheduler.add(sequence(8, 92));
    scheduler.add(sequence(95, 5));
    plan();
    apply(StepResult.ROW_FAILED);
    assertThat(outcome.end(0)).isEqualTo(End.FAILED);

    assertThat(plan()).containsExactly("@0+8");
    assertThat(scheduler.running()).isEqualTo(1);
    assertThat(scheduler.waiting()).isZero();
  }

  @Test
  void freesTheUnitsOfACancelledSequenceAtOnce() {
    Sequence running = sequence(2, 98);
    Sequence waiting = sequence(95, 4);
    Sequence last = sequence(6, 2);
    scheduler.add(running);
    scheduler.add(waiting);
    scheduler.add(last);
    plan();
    apply(TOKEN);

    assertThat(scheduler.cancel(waiting)).isTrue();
    assertThat(scheduler.cancel(running)).isTrue();

    assertThat(scheduler.kv().referenced()).isZero();
    assertThat(scheduler.counts().queuedTokens()).isEqualTo(6);
    assertThat(scheduler.counts().promptTokensLeft()).isEqualTo(6);
    assertThat(scheduler.prompts()).isEqualTo(1);
    assertThat(plan()).containsExactly("@0+6 sample");
    assertThat(running.completionTokens()).isEqualTo(1);
  }

  @Test
  void cancelsOnlyOnce() {
    Sequence sequence = sequence(2, 2);
    assertThat(scheduler.cancel(sequence)).isFalse();
    scheduler.add(sequence);

    assertThat(scheduler.cancel(sequence)).isTrue();
    assertThat(scheduler.cancel(sequence)).isFalse();
    assertThat(scheduler.idle()).isTrue();
  }

  @Test
  void endsAtAStopTokenWithoutPublishingIt() {
    scheduler.add(TestSequences.of(flow, new int[] {1}, 5, new int[] {3, TOKEN}, 4));
    plan();
    apply(TOKEN);

    assertThat(outcome.token(0)).isEqualTo(StepOutcome.NO_TOKEN);
    assertThat(outcome.end(0)).isEqualTo(End.STOP);
    assertThat(outcome.sequence(0).completionTokens()).isEqualTo(1);
    assertThat(scheduler.idle()).isTrue();
  }

  @Test
  void endsOnlyTheRowThatFailed() {
    scheduler.add(sequence(2, 5));
    scheduler.add(sequence(3, 5));
    plan();
    apply(StepResult.ROW_FAILED, TOKEN);

    assertThat(outcome.end(0)).isEqualTo(End.FAILED);
    assertThat(outcome.end(1)).isNull();
    assertThat(plan()).containsExactly("@3+1 sample");
  }

  @Test
  void endsARowThatFailsInTheMiddleOfItsPrompt() {
    scheduler.add(sequence(20, 5));
    plan();
    apply(StepResult.ROW_FAILED);

    assertThat(outcome.end(0)).isEqualTo(End.FAILED);
    assertThat(scheduler.counts().promptTokensLeft()).isZero();
    assertThat(scheduler.kv().referenced()).isZero();
  }

  @Test
  void failsARowThatGotNoTokenThoughItAskedForOne() {
    scheduler.add(sequence(2, 5));
    plan();
    apply(StepResult.NO_TOKEN);

    assertThat(outcome.end(0)).isEqualTo(End.FAILED);
  }

  @Test
  void cutsASequenceIntoSegmentsWhereTheArenaIsFragmented() {
    List<Sequence> fillers = new ArrayList<>();
    scheduler = new Scheduler(new KvGeometry(4, 5, 1, 100), Limits.of(5, 20));
    for (int i = 0; i < 5; i++) {
      fillers.add(sequence(1, 3));
      scheduler.add(fillers.getLast());
    }
    plan();
    apply(TOKEN, TOKEN, TOKEN, TOKEN, TOKEN);
    for (int i : new int[] {0, 1, 3, 4}) {
      scheduler.cancel(fillers.get(i));
    }
    scheduler.add(sequence(10, 2));

    plan();

    assertThat(plan.segments(1)).isEqualTo(2);
    assertThat(plan.segmentLength(1, 0)).isEqualTo(8);
    assertThat(plan.segmentLength(1, 1)).isEqualTo(2);
    assertThat(plan.segmentSlot(1, 0)).isNotEqualTo(plan.segmentSlot(1, 1));
  }

  @Test
  void startsWhatSharesTheFrontOfMoreThanLeavesItRoom() {
    scheduler = new Scheduler(new KvGeometry(4, 24, 1, 100), Limits.of(4, 100));
    scheduler.add(TestSequences.of(flow, prompt(80, 0), 4, new int[0], 4));
    while (!scheduler.idle()) {
      plan();
      apply(TOKEN);
    }
    assertThat(scheduler.kv().cached()).isEqualTo(20);

    scheduler.add(TestSequences.of(flow, prompt(80, 1), 4, new int[0], 4));

    assertThat(plan()).containsExactly("@4+76 sample");
  }

  @Test
  void runsOnWhenTheOnlyOneCannotGrowBesideWhatItPins() {
    scheduler = new Scheduler(new KvGeometry(4, 60, 1, 1_000), Limits.of(4, 100));
    scheduler.add(TestSequences.of(flow, prompt(80, 0), 4, new int[0], 4));
    while (!scheduler.idle()) {
      plan();
      apply(TOKEN);
    }
    Sequence longer = TestSequences.of(flow, prompt(8, 1), 220, new int[0], 4);
    scheduler.add(longer);

    while (!scheduler.idle()) {
      assertThat(plan()).isNotEmpty();
      apply(TOKEN);
    }

    assertThat(longer.completionTokens()).isEqualTo(220);
  }

  /** Token ids that all begin alike, and differ from the second unit on. */
  private static int[] prompt(int length, int which) {
    return IntStream.range(0, length).map(i -> i < 4 ? i : 1_000 * (which + 1) + i).toArray();
  }

  @Test
  void refusesToCancelOrPlanWhileAStepIsInFlight() {
    Sequence sequence = sequence(2, 5);
    scheduler.add(sequence);
    plan();

    assertThatThrownBy(() -> scheduler.cancel(sequence)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> scheduler.plan(plan)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void refusesAResultWithTooFewRows() {
    scheduler.add(sequence(2, 5));
    plan();

    assertThatThrownBy(this::apply)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("a step with 0 results for a plan with 1");
  }

  @Test
  void refusesASequenceThatCanNeverFit() {
    assertThatThrownBy(() -> scheduler.add(sequence(90, 11)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void clearsEverythingEvenWithAStepInFlight() {
    IntStream.range(0, 9).forEach(i -> scheduler.add(sequence(3, 5)));
    plan();

    scheduler.clear();

    assertThat(scheduler.idle()).isTrue();
    assertThat(scheduler.kv().referenced()).isZero();
    assertThat(scheduler.counts().promptTokensLeft()).isZero();
    assertThat(scheduler.counts().queuedTokens()).isZero();
    assertThat(plan()).isEmpty();
  }

  private Sequence sequence(int prompt, int maxTokens) {
    return TestSequences.of(
        flow, IntStream.range(next, next += prompt).toArray(), maxTokens, new int[0], 4);
  }

  private List<String> plan() {
    scheduler.plan(plan);
    return IntStream.range(0, plan.rows())
        .mapToObj(
            row ->
                "@%d+%d%s"
                    .formatted(
                        plan.position(row),
                        plan.tokens(row),
                        plan.sampling(row) == null ? "" : " sample"))
        .toList();
  }

  private void apply(int... tokens) {
    scheduler.apply(
        new StepResult.Sampled(
            tokens, new float[tokens.length], new int[tokens.length][], new float[tokens.length][]),
        1,
        outcome);
  }
}
