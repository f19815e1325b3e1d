package dev.outcrop.batching.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.batching.Tier;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Flex is slow behind tiers that never stop, but gets its floor, and not more. */
class FlexFloorTest {
  private static final double FLOOR = 0.05;
  private static final int STEPS = 20_000;

  private final Random random = new Random(1);
  private final StepPlan plan = new StepPlan();
  private final StepOutcome outcome = new StepOutcome();
  private Scheduler scheduler = scheduler(4);
  private final Flow flex = TestSequences.flow(1, Tier.FLEX);
  private long flexTokens;
  private long tokens;
  private int flexEnded;

  @ParameterizedTest
  @EnumSource(names = "FLEX", mode = EnumSource.Mode.EXCLUDE)
  void getsItsFloorBehindATierThatAlwaysWaits(Tier tier) {
    run(tier, () -> scheduler.waiting() < 16);

    assertThat(flexEnded).isPositive();
    assertThat((double) flexTokens / tokens).isBetween(0.9 * FLOOR, 1.1 * FLOOR);
  }

  @ParameterizedTest
  @EnumSource(names = "FLEX", mode = EnumSource.Mode.EXCLUDE)
  void getsRoomThoughShorterOnesWouldAlwaysTakeItFirst(Tier tier) {
    scheduler = scheduler(16);

    run(tier, () -> scheduler.waiting() < 16);

    assertThat(flexEnded).isPositive();
    assertThat((double) flexTokens / tokens).isBetween(0.9 * FLOOR, 1.1 * FLOOR);
  }

  @ParameterizedTest
  @EnumSource(names = "FLEX", mode = EnumSource.Mode.EXCLUDE)
  void getsNoMoreWhenItsRequestsComeOneByOne(Tier tier) {
    run(tier, flex::idle);

    assertThat(flexEnded).isPositive();
    assertThat((double) flexTokens / tokens).isBetween(0.5 * FLOOR, 1.1 * FLOOR);
  }

  @Test
  void keepsShorterOnesOutUntilThereIsRoomForWhomTheFloorIsOwed() {
    Flow upper = TestSequences.flow(0, Tier.DEFAULT);
    Sequence first = sequence(upper, 20, 12);
    scheduler =
        new Scheduler(new KvGeometry(4, 10, 1, 40), new Limits(8, 0, 16, Long.MAX_VALUE, FLOOR, 1));
    scheduler.add(first);
    scheduler.add(sequence(flex, 16, 8)); // needs six units, of which two are left
    step();
    scheduler.add(sequence(upper, 2, 2)); // needs one

    step();
    assertThat(upper.running).isEqualTo(1);
    assertThat(scheduler.waiting()).isEqualTo(2);

    scheduler.cancel(first);
    step();
    assertThat(flex.running).isEqualTo(1);
    step();
    assertThat(upper.running).as("it comes in beside flex").isEqualTo(1);
  }

  /** KV for one of flex and three of the others, or for seven of the others. */
  private static Scheduler scheduler(int maxRunning) {
    return new Scheduler(
        new KvGeometry(4, 60, 1, 1_000), new Limits(maxRunning, 0, 16, Long.MAX_VALUE, FLOOR, 1));
  }

  private void run(Tier tier, Supplier<Boolean> flexArrives) {
    Flow upper = TestSequences.flow(0, tier);
    for (int step = 0; step < STEPS; step++) {
      while (upper.waiting() < 8) {
        scheduler.add(sequence(upper, 20, 10));
      }
      if (flexArrives.get()) {
        scheduler.add(sequence(flex, 40, 30));
      }
      step();
    }
  }

  private Sequence sequence(Flow flow, int prompt, int answer) {
    int[] ids = random.ints(prompt, 0, 1_000_000).toArray();
    return TestSequences.of(flow, ids, answer, new int[0], 4);
  }

  private void step() {
    scheduler.plan(plan);
    int rows = plan.rows();
    int[] sampled = new int[rows];
    for (int row = 0; row < rows; row++) {
      sampled[row] = plan.sampling(row) == null ? StepResult.NO_TOKEN : 1;
    }
    scheduler.apply(
        new StepResult.Sampled(sampled, new float[rows], new int[rows][], new float[rows][]),
        1,
        outcome);
    for (int i = 0; i < outcome.entries(); i++) {
      Sequence sequence = outcome.sequence(i);
      if (outcome.end(i) != null) {
        int ran = sequence.promptTokens() + sequence.completionTokens() - 1;
        tokens += ran;
        flexTokens += sequence.flow == flex ? ran : 0;
        flexEnded += sequence.flow == flex ? 1 : 0;
      }
    }
  }
}
