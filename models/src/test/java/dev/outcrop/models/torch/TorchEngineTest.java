package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TorchEngineTest {
  private static final Sampling DRAWN = new Sampling(0.9, 0, 0.95, 0, 1.1, 0.1, 0.1, 77, 3);

  private static Fixture fixture;
  private static TorchEngine engine;

  private final StepPlan plan = new StepPlan();

  @BeforeAll
  static void open() {
    fixture = Fixture.read("llama");
    TorchOptions options = new TorchOptions(ElementType.FLOAT32, 500, 1);
    engine = TorchEngine.open(fixture.config(), fixture.checkpoint(), options);
  }

  @AfterAll
  static void close() {
    engine.close();
  }

  @Test
  void holdsAtLeastTheTokensAskedForInWholeUnits() {
    assertThat(engine.geometry().tokens()).isEqualTo(512);
    assertThat(engine.geometry().bytesPerToken()).isEqualTo(2 * 3 * 2 * 8 * 4);
    assertThat(engine.geometry().maxContext()).isEqualTo(256);
  }

  @Test
  void drawsTheSameTokenAloneAndBesideOthers() {
    row(DRAWN, 0, 20, 0);
    StepResult.Sampled alone = step();
    plan.clear();
    row(Sampling.GREEDY, 0, 9, 64);
    row(new Sampling(2, 3, 1, 0, 1, 0, 0, 5, -1), 0, 7, 96);
    row(DRAWN, 0, 20, 128);
    StepResult.Sampled beside = step();

    assertThat(beside.tokens()[2]).isEqualTo(alone.tokens()[0]);
    assertThat(beside.topTokens()[2]).isEqualTo(alone.topTokens()[0]).hasSize(3);
    assertThat(beside.logprobs()[2])
        .isCloseTo(alone.logprobs()[0], org.assertj.core.api.Assertions.within(1e-4f));
    assertThat(beside.logprobs()[0]).isNaN();
    assertThat(beside.topTokens()[1]).isEmpty();
  }

  /** The engine runs rows in more pieces first, whatever their place in the plan. */
  @Test
  void givesEveryRowItsOwnTokenWhenDecodesAreInSeveralPieces() {
    int[] lengths = {21, 40, 36, 9};
    int[][] segments = {{128, 21}, {64, 32, 0, 8}, {32, 16, 160, 12, 224, 8}, {192, 9}};
    for (int row = 0; row < lengths.length; row++) {
      fixture.row(plan, 0, lengths[row], segments[row]);
    }
    float[][] logits = engine.logits(plan);
    plan.clear();
    for (int row = 0; row < lengths.length; row++) {
      fixture.row(plan, lengths[row] - 1, lengths[row], segments[row]);
    }
    float[][] last = engine.logits(plan);
    StepResult.Sampled step = step();

    int before = 0;
    for (int row = 0; row < lengths.length; row++) {
      float[][] own = Arrays.copyOfRange(logits, before, before + lengths[row]);
      before += lengths[row];
      assertThat(fixture.error(own, 0)).as("prefill of row %d", row).isLessThan(1e-4);
      assertThat(fixture.error(new float[][] {last[row]}, lengths[row] - 1))
          .as("decode of row %d", row)
          .isLessThan(1e-4);
      assertThat(step.tokens()[row]).isEqualTo(fixture.best(lengths[row]));
    }
  }

  @Test
  void readsAPrefixThatRowsShareForEachOfThem() {
    int[] lengths = {40, 33, 36, 40};
    int[][] segments = {{64, 32, 0, 8}, {64, 32, 16, 1}, {64, 32, 24, 2, 40, 2}, {128, 32, 192, 8}};
    int[] from = {0, 32, 32, 0}; // the second and the third find the first one's prefix
    for (int row = 0; row < lengths.length; row++) {
      plan.clear();
      fixture.row(plan, from[row], lengths[row], segments[row]);
      engine.logits(plan);
    }
    plan.clear();
    for (int row : new int[] {2, 0, 3, 1}) {
      fixture.row(plan, lengths[row] - 1, lengths[row], segments[row]);
    }

    float[][] logits = engine.logits(plan);

    int at = 0;
    for (int row : new int[] {2, 0, 3, 1}) {
      assertThat(fixture.error(new float[][] {logits[at++]}, lengths[row] - 1))
          .as("row %d", row)
          .isLessThan(1e-4);
    }
  }

  @Test
  void goesOnFromKvThatWasMoved() {
    fixture.row(plan, 0, 40, 64, 32, 0, 8);
    step();
    plan.clear();
    plan.move(64, 256, 32);
    plan.move(0, 288, 8);
    fixture.row(plan, 40, 41, 256, 41);

    assertThat(fixture.error(engine.logits(plan), 40)).isGreaterThan(1e-3);
    assertThat(step().tokens()).containsExactly(fixture.best(41));
  }

  @Test
  void takesATemperatureNearZeroForGreedy() {
    row(new Sampling(1e-38, 0, 1, 0, 1, 0, 0, 5, -1), 0, 20, 0);
    row(new Sampling(0.00002, 0, 1, 0, 1, 0, 0, 5, -1), 0, 21, 32);

    StepResult.Sampled step = step();

    assertThat(step.tokens()).containsExactly(fixture.best(20), fixture.best(21));
  }

  @Test
  void givesNoTokenToARowThatWantsNone() {
    plan.row(0);
    plan.tokens(fixture.tokens(), 0, 4);
    plan.segment(0, 4);

    assertThat(step().tokens()).containsExactly(StepResult.NO_TOKEN);
  }

  @Test
  void survivesAStepThatFails() {
    plan.row(0);
    plan.tokens(new int[] {1_000_000}, 0, 1);
    plan.segment(0, 1);
    plan.sample(Sampling.GREEDY, new int[] {1_000_000}, 1, 1);
    StepResult failed = engine.submit(plan).await();
    plan.clear();
    row(Sampling.GREEDY, 0, fixture.promptTokens(), 0);
    StepResult.Sampled next = step();

    assertThat(((StepResult.Failed) failed).error().code()).isEqualTo(ModelError.STEP_FAILED);
    assertThat(next.tokens()[0]).isEqualTo(fixture.tokens()[fixture.promptTokens()]);
  }

  @Test
  void computesInBfloat16CloseToFloat32() {
    TorchOptions options = new TorchOptions(ElementType.BFLOAT16, 256, 1);
    try (TorchEngine half = TorchEngine.open(fixture.config(), fixture.checkpoint(), options)) {
      fixture.row(plan, 0, fixture.length(), 0, fixture.length());
      assertThat(fixture.error(half.logits(plan), 0)).isBetween(1e-4, 0.1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama-biased", "gemma2", "starcoder2", "olmo2", "granite"})
  void runsOnPlainKernelsWhereOneDnnIsMissing(String name) {
    Fixture other = Fixture.read(name);
    TorchOptions options =
        new TorchOptions(ElementType.FLOAT32, 256, 1, TorchOptions.Kernels.PLAIN);
    try (TorchEngine plain = TorchEngine.open(other.config(), other.checkpoint(), options)) {
      other.row(plan, 0, other.length(), 0, other.length());
      assertThat(other.error(plain.logits(plan), 0)).isLessThan(1e-4);
    }
  }

  private void row(Sampling how, int from, int to, int slot) {
    fixture.row(plan, from, to, slot, to);
    plan.sample(how, fixture.tokens(), Math.max(0, to - 5), to);
  }

  private StepResult.Sampled step() {
    return (StepResult.Sampled) engine.submit(plan).await();
  }
}
