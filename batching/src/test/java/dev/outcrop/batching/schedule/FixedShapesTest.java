package dev.outcrop.batching.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.batching.Tier;
import dev.outcrop.models.engine.CompiledShapes;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import dev.outcrop.models.testing.FakeEngine;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Steps for a device that was compiled for some shapes and runs no others. */
class FixedShapesTest {
  private static final CompiledShapes SHAPES =
      new CompiledShapes(List.of(4, 8), List.of(1, 2, 4), List.of(16, 32, 64));
  private static final KvGeometry ENGINE = new KvGeometry(4, 64, 1, 1_000);
  private static final int TOKEN = 7;
  private static final int MILLIS = 1_000_000;

  private final StepPlan plan = new StepPlan();
  private final StepOutcome outcome = new StepOutcome();
  private final Flow flow = TestSequences.flow(0, Tier.DEFAULT);
  private Scheduler scheduler = inShapes(0);

  @Test
  void padsAPromptToTheNextShape() {
    scheduler.add(sequence(3, 5));

    assertThat(plan()).isEqualTo("prompt @0+3 in 1x4 of 16");
    assertThat(scheduler.counts().paddingTokens()).isEqualTo(1);
  }

  @Test
  void runsAPromptBeyondTheLongestShapeInChunks() {
    scheduler.add(sequence(21, 5));

    assertThat(plan()).isEqualTo("prompt @0+8 in 1x8 of 16");
    apply(1);
    assertThat(plan()).isEqualTo("prompt @8+8 in 1x8 of 16");
    apply(1);
    assertThat(plan()).isEqualTo("prompt @16+5 in 1x8 of 32");
    apply(1);
    assertThat(plan()).isEqualTo("decodes @21 in 1x1 of 32");
  }

  @Test
  void padsDecodesToTheNextNumberOfRowsAndTheLongestOfTheirContexts() {
    scheduler.add(sequence(3, 5));
    scheduler.add(sequence(4, 5));
    scheduler.add(sequence(5, 50));
    IntStream.range(0, 5).forEach(_ -> planAndApply(1));

    assertThat(plan()).isEqualTo("decodes @5 @5 @5 in 4x1 of 16");
  }

  @Test
  void takesTurnsBetweenAPromptAndAllDecodesWhereNothingElseKeepsTheTarget() {
    scheduler.add(sequence(3, 20));
    scheduler.add(sequence(16, 20));

    List<String> kinds = kinds(6, 30 * MILLIS);

    assertThat(kinds)
        .containsExactly("prompt", "decodes", "prompt", "decodes", "prompt", "decodes");
  }

  @Test
  void runsSeveralPromptsBetweenDecodesThatKeepTheTarget() {
    scheduler = inShapes(100 * MILLIS);
    scheduler.add(sequence(3, 20));
    scheduler.add(sequence(32, 20));
    kinds(2, 30 * MILLIS);

    List<String> kinds = kinds(5, 30 * MILLIS);

    assertThat(kinds).containsExactly("prompt", "decodes", "prompt", "prompt", "decodes");
  }

  @Test
  void givesASlotToEachSequenceAndBackToTheNext() {
    for (int i = 0; i < 6; i++) {
      scheduler.add(sequence(2, 9));
    }
    List<Integer> slots = new ArrayList<>();
    while (!scheduler.idle()) {
      plan();
      for (int row = 0; row < plan.rows(); row++) {
        assertThat(plan.segmentSlot(row, 0) % 64).isZero();
        slots.add(plan.segmentSlot(row, 0) / 64);
      }
      assertThat(scheduler.running()).isLessThanOrEqualTo(4);
      apply(1);
    }

    assertThat(slots).containsOnly(0, 1, 2, 3).hasSize(6 * 9);
    assertThat(scheduler.kv().referenced()).isZero();
  }

  @Test
  void givesAUrgentPromptTheSlotOfSomebodyBelow() {
    for (int i = 0; i < 4; i++) {
      scheduler.add(sequence(2, 30));
    }
    IntStream.range(0, 8).forEach(_ -> planAndApply(1));
    assertThat(scheduler.running()).isEqualTo(4);
    Flow urgent = TestSequences.flow(1, Tier.PRIORITY);
    scheduler.add(TestSequences.of(urgent, new int[] {1, 2, 3}, 4, new int[0], 64));

    assertThat(plan()).startsWith("prompt @0+3");
    assertThat(scheduler.counts().preemptions()).isEqualTo(1);
    assertThat(scheduler.waiting()).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource(names = {"RESERVED", "PRIORITY"})
  void letsAnUrgentPromptWaitForTheStepUnderWayAlone(Tier tier) {
    scheduler.add(sequence(2, 30));
    scheduler.add(sequence(16, 30));
    assertThat(kinds(2, 1)).containsExactly("prompt", "decodes");
    assertThat(plan()).startsWith("prompt @0+8");
    Flow urgent = TestSequences.flow(1, tier);
    scheduler.add(TestSequences.of(urgent, new int[20], 4, new int[0], 64));

    apply(1);

    assertThat(plan()).as("its beginning").startsWith("prompt @0+8");
    assertThat(planAfter()).as("then decodes have their turn").startsWith("decodes");
    assertThat(planAfter()).startsWith("prompt @8+8");
    assertThat(planAfter()).startsWith("decodes");
    assertThat(planAfter()).startsWith("prompt @16+4");
  }

  @Test
  void runsDecodesHoweverManyUrgentPromptsCome() {
    scheduler.add(sequence(2, 30));
    kinds(2, 1);
    Flow urgent = TestSequences.flow(1, Tier.PRIORITY);
    List<String> kinds = new ArrayList<>();
    for (int step = 0; step < 27; step++) {
      if (urgent.idle()) {
        scheduler.add(TestSequences.of(urgent, new int[2], 1, new int[0], 64));
      }
      kinds.add(planAndApply(1).split(" ")[0]);
    }

    assertThat(kinds).filteredOn("decodes"::equals).hasSize(3);
  }

  @Test
  void notesThatAPromptStartedWhenAStepRanAPartOfIt() {
    scheduler.add(sequence(2, 20));
    planAndApply(1);
    Flow urgent = TestSequences.flow(1, Tier.PRIORITY);
    Sequence first = TestSequences.of(urgent, new int[12], 5, new int[0], 64);
    Sequence second = TestSequences.of(urgent, new int[12], 5, new int[0], 64);
    scheduler.add(first);
    scheduler.add(second);

    for (int now = 100; second.computed < 12; now += 100) {
      scheduler.plan(plan, now);
      apply(1);
    }

    assertThat(first.startedNanos()).isEqualTo(100);
    assertThat(second.startedNanos()).as("two chunks and decodes later").isEqualTo(400);
  }

  @Test
  void keepsTheShareOfSlotsForTenantsThatHaveNone() {
    Limits many = new Limits(64, 8, 512, 0, 0.02, 1);

    assertThat(FixedShapes.limits(many, slots(16), SHAPES).guests()).isEqualTo(2);
    assertThat(FixedShapes.limits(many, slots(4), SHAPES).maxRunning()).isEqualTo(4);
    assertThat(FixedShapes.limits(many, slots(1), SHAPES).maxRunning()).isEqualTo(1);
  }

  private static KvGeometry slots(int count) {
    return new KvGeometry(64, count, 1, 64);
  }

  @Test
  void refusesWhatIsLongerThanASlot() {
    assertThat(scheduler.geometry().maxContext()).isEqualTo(64);
    assertThatThrownBy(() -> scheduler.add(sequence(60, 5)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void refusesAnArenaWithoutASlot() {
    assertThatThrownBy(
            () -> Scheduler.inShapes(new KvGeometry(4, 15, 1, 64), Limits.of(4, 8), SHAPES))
        .hasMessage("a KV cache of 60 tokens holds no slot of 64 tokens");
  }

  @Test
  void generatesTheTokensOfFreeShapes() {
    for (int seed = 0; seed < 20; seed++) {
      scheduler = inShapes(0);
      Map<Integer, List<Integer>> fixed = generated(scheduler, seed);
      Map<Integer, List<Integer>> free = generated(new Scheduler(ENGINE, Limits.of(4, 16)), seed);

      assertThat(fixed).isEqualTo(free).hasSize(30);
    }
  }

  private static Map<Integer, List<Integer>> generated(Scheduler scheduler, long seed) {
    Random random = new Random(seed);
    FakeEngine engine = new FakeEngine(ENGINE, 97);
    Map<Sequence, Integer> number = new HashMap<>();
    Map<Integer, List<Integer>> generated = new HashMap<>();
    for (int i = 0; i < 30; i++) {
      Flow flow = new Flow(i % 3, List.of(Tier.values()).get(random.nextInt(4)), 1);
      int[] prompt = random.ints(1 + random.nextInt(40), 0, 97).toArray();
      Sequence sequence =
          TestSequences.of(
              flow,
              prompt,
              1 + random.nextInt(24),
              new int[] {5},
              scheduler.geometry().unitTokens());
      number.put(sequence, i);
      generated.put(i, new ArrayList<>());
      scheduler.add(sequence);
    }
    StepPlan plan = new StepPlan();
    StepOutcome outcome = new StepOutcome();
    while (!scheduler.idle()) {
      scheduler.plan(plan);
      scheduler.apply((StepResult.Sampled) engine.submit(plan).await(), 1, outcome);
      for (int i = 0; i < outcome.entries(); i++) {
        generated.get(number.get(outcome.sequence(i))).add(outcome.token(i));
      }
    }
    return generated;
  }

  private static Scheduler inShapes(long targetNanos) {
    return Scheduler.inShapes(ENGINE, new Limits(8, 0, 16, targetNanos, 0.02, 1), SHAPES);
  }

  private Sequence sequence(int prompt, int maxTokens) {
    return TestSequences.of(flow, new int[prompt], maxTokens, new int[0], 64);
  }

  private List<String> kinds(int steps, long nanos) {
    List<String> kinds = new ArrayList<>();
    for (int i = 0; i < steps; i++) {
      kinds.add(planAndApply(nanos).split(" ")[0]);
    }
    return kinds;
  }

  private String planAndApply(long nanos) {
    String step = plan();
    apply(nanos);
    return step;
  }

  private String planAfter() {
    apply(1);
    return plan();
  }

  private String plan() {
    scheduler.plan(plan);
    StringBuilder text = new StringBuilder();
    boolean decodes =
        plan.tokens(0) == 1
            && plan.historyLength(0) > plan.historyPrompt(0)
            && plan.position(0) > 0;
    text.append(decodes ? "decodes" : "prompt");
    for (int row = 0; row < plan.rows(); row++) {
      text.append(" @").append(plan.position(row));
      if (!decodes) {
        text.append('+').append(plan.tokens(row));
      }
    }
    return text.append(
            " in %dx%d of %d".formatted(plan.shapeRows(), plan.shapeTokens(), plan.shapeContext()))
        .toString();
  }

  private void apply(long nanos) {
    int rows = plan.rows();
    int[] tokens = new int[rows];
    for (int row = 0; row < rows; row++) {
      tokens[row] = plan.sampling(row) == null ? StepResult.NO_TOKEN : TOKEN;
    }
    scheduler.apply(
        new StepResult.Sampled(tokens, new float[rows], new int[rows][], new float[rows][]),
        nanos,
        outcome);
  }
}
