package dev.outcrop.models.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.engine.Engine;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FakeEngineTest {
  private static final KvGeometry GEOMETRY = new KvGeometry(4, 16, 100, 64);

  private final StepPlan plan = new StepPlan();

  @Test
  void givesTheSameTokenAloneAndInABatchAndInChunks() {
    int[] a = {5, 6, 7, 8, 9};
    int[] b = {1, 2};
    FakeEngine engine = new FakeEngine(GEOMETRY, 1000);

    row(a, 0, 5, 0, 4, 20, 1);
    int alone = step(engine).tokens()[0];
    plan.clear();
    row(b, 0, 2, 32, 2);
    row(a, 0, 3, 0, 3);
    int[] batched = step(engine).tokens();
    plan.clear();
    row(a, 3, 5, 0, 4, 20, 1);
    int chunked = step(engine).tokens()[0];

    assertThat(chunked).isEqualTo(alone);
    assertThat(batched[1]).isEqualTo(StepResult.NO_TOKEN);
    assertThat(alone).isBetween(0, 999);
  }

  @Test
  void noticesThatASlotWasGivenToTwoSequences() {
    FakeEngine engine = new FakeEngine(GEOMETRY, 1000);
    row(new int[] {1, 2}, 0, 2, 0, 2);
    step(engine);
    plan.clear();
    row(new int[] {3, 4}, 0, 2, 0, 2);
    step(engine);
    plan.clear();
    row(new int[] {1, 2, 9}, 2, 3, 0, 3);

    assertThatThrownBy(() -> engine.submit(plan)).hasMessageContaining("another sequence");
  }

  @Test
  void runsStagesAtATimeAndStepsInTurn() {
    long[] clock = {5_000};
    Roofline roofline = new Roofline(0, 0, 1e15, 1, 1_000);
    FakeEngine engine =
        new FakeEngine(
                GEOMETRY,
                roofline,
                FakeEngine.NextToken.hashed(1000),
                FakeEngine.StepFault.NONE,
                nanos -> clock[0] += nanos)
            .inStages(2, () -> clock[0]);
    StepPlan second = new StepPlan();
    row(new int[] {1, 2}, 0, 2, 0, 2);
    second.row(0);
    second.tokens(new int[] {3, 4}, 0, 2);
    second.segment(4, 2);
    Engine.Pending one = engine.submit(plan);
    Engine.Pending other = engine.submit(second);

    assertThatThrownBy(() -> engine.submit(second)).hasMessageContaining("in flight already");
    assertThat(one.await()).isInstanceOf(StepResult.Sampled.class);
    assertThat(clock[0]).isEqualTo(6_000);
    assertThat(other.await()).isInstanceOf(StepResult.Sampled.class);
    assertThat(clock[0])
        .as("the first stage had it while the second had the other")
        .isEqualTo(6_500);
  }

  @Test
  void noticesThatKvOfAStepInFlightWasGivenAway() {
    FakeEngine engine = new FakeEngine(GEOMETRY, 1000).inStages(2, () -> 0);
    StepPlan second = new StepPlan();
    row(new int[] {1, 2}, 0, 2, 0, 2);
    second.row(0);
    second.tokens(new int[] {3, 4}, 0, 2);
    second.segment(0, 2);
    Engine.Pending one = engine.submit(plan);
    engine.submit(second);

    assertThatThrownBy(one::await).hasMessageContaining("another sequence");
  }

  @Test
  void takesTheTimeOfTheRoofline() {
    List<Long> slept = new ArrayList<>();
    Roofline roofline = new Roofline(1_000_000, 2_000_000, 1e9, 1e12, 5_000);
    FakeEngine engine =
        new FakeEngine(
            GEOMETRY,
            roofline,
            FakeEngine.NextToken.hashed(10),
            FakeEngine.StepFault.NONE,
            slept::add);
    row(new int[] {1, 2}, 0, 2, 0, 2);

    step(engine);

    // 1,000,000 bytes of weights and 200 of KV at 1 GB/s; 4 MFLOP at 1 TFLOP/s are less.
    assertThat(slept).containsExactly(1_000_200L + 5_000);
  }

  @Test
  void takesTheTimeOfTheShapeThatAStepIsPaddedTo() {
    List<Long> slept = new ArrayList<>();
    FakeEngine engine =
        new FakeEngine(
            GEOMETRY,
            new Roofline(0, 1_000, 1e9, 1e9, 0),
            FakeEngine.NextToken.hashed(10),
            FakeEngine.StepFault.NONE,
            slept::add);
    row(new int[] {1, 2}, 0, 2, 0, 2);
    plan.shape(4, 8, 16);

    step(engine);

    // 32 tokens of 1 kFLOP at 1 GFLOP/s; 64 of KV with 100 bytes each at 1 GB/s are less.
    assertThat(slept).containsExactly(32_000L);
  }

  @Test
  void refusesARowThatItsShapeDoesNotHold() {
    FakeEngine engine = new FakeEngine(GEOMETRY, 10);
    row(new int[] {1, 2, 3}, 0, 3, 0, 3);
    plan.shape(1, 2, 16);

    assertThatThrownBy(() -> engine.submit(plan)).hasMessageContaining("longer than its shape");
  }

  @Test
  void failsTheStepsItIsToldToAndStaysDeadOnceDead() {
    FakeEngine engine =
        new FakeEngine(
            GEOMETRY,
            Roofline.INSTANT,
            FakeEngine.NextToken.hashed(10),
            (step, p) ->
                step == 0 ? ModelError.STEP_FAILED : step == 2 ? ModelError.ENGINE_DEAD : null,
            nanos -> {});
    row(new int[] {1, 2}, 0, 2, 0, 2);

    assertThat(error(engine)).isEqualTo(ModelError.STEP_FAILED);
    assertThat(engine.submit(plan).await()).isInstanceOf(StepResult.Sampled.class);
    assertThat(error(engine)).isEqualTo(ModelError.ENGINE_DEAD);
    assertThat(error(engine)).isEqualTo(ModelError.ENGINE_DEAD);
  }

  private Object error(FakeEngine engine) {
    OutcropException error = ((StepResult.Failed) engine.submit(plan).await()).error();
    return error.code();
  }

  private StepResult.Sampled step(FakeEngine engine) {
    return (StepResult.Sampled) engine.submit(plan).await();
  }

  /** Adds a row that runs positions from..to of a sequence, over segments (slot, length)... */
  private void row(int[] tokens, int from, int to, int... segments) {
    plan.row(from);
    plan.tokens(tokens, from, to - from);
    for (int i = 0; i < segments.length; i += 2) {
      plan.segment(segments[i], segments[i + 1]);
    }
    if (to == tokens.length) {
      plan.sample(Sampling.GREEDY, tokens, to, to);
    }
  }
}
