package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.arch.Rope;
import dev.outcrop.models.engine.StepPlan;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Batches of rows that layers see differently: by their windows, or by the form of positions. */
class LayersThatDifferTest {
  private static final TorchOptions OPTIONS = new TorchOptions(ElementType.FLOAT32, 512, 1);

  private final StepPlan plan = new StepPlan();

  /** In layers with a window of 12, other rows are in several pieces than in layers without. */
  @ParameterizedTest
  @ValueSource(strings = {"gemma2", "gemma3_text", "qwen2-mixed", "mistral", "llama"})
  void givesEveryRowItsOwnLogitsWhateverPiecesItsLayersSee(String name) {
    Fixture fixture = Fixture.read(name);
    int[][] segments = {
      {0, 30}, // one piece for all layers
      {32, 8, 64, 8, 96, 24}, // three, or one within the window
      {128, 32, 160, 4}, // two, and two within the window
      {192, 4, 224, 8, 256, 16, 288, 12}, // four, and one
      {320, 20, 352, 5, 384, 5} // three, and three
    };
    try (TorchEngine engine = TorchEngine.open(fixture.config(), fixture.checkpoint(), OPTIONS)) {
      for (int[] row : segments) {
        plan.clear();
        fixture.row(plan, 0, tokens(row), row);
        assertThat(fixture.error(engine.logits(plan), 0)).isLessThan(1e-4);
      }
      plan.clear();
      for (int[] row : segments) {
        fixture.row(plan, tokens(row) - 1, tokens(row), row);
      }
      fixture.row(plan, 0, 40, 416, 32, 448, 8); // and one that prefills

      float[][] logits = engine.logits(plan);

      for (int row = 0; row < segments.length; row++) {
        assertThat(fixture.error(new float[][] {logits[row]}, tokens(segments[row]) - 1))
            .as("row %d", row)
            .isLessThan(1e-4);
      }
      float[][] prefilled = Arrays.copyOfRange(logits, segments.length, logits.length);
      assertThat(fixture.error(prefilled, 0)).as("prefill").isLessThan(1e-4);
    }
  }

  private static int tokens(int[] segments) {
    int tokens = 0;
    for (int i = 1; i < segments.length; i += 2) {
      tokens += segments[i];
    }
    return tokens;
  }

  @ParameterizedTest
  @ValueSource(strings = {"phi3", "llama-dynamic"})
  void runsRowsOfDifferentFormsInOneStep(String name) {
    Fixture fixture = Fixture.read(name);
    int form = fixture.config().ropeForm(fixture.length());
    try (TorchEngine engine = TorchEngine.open(fixture.config(), fixture.checkpoint(), OPTIONS)) {
      row(fixture, 0, 0);
      float[][] usual = engine.logits(plan);
      plan.clear();
      row(fixture, form, 64);
      row(fixture, 0, 128);

      float[][] both = engine.logits(plan);

      assertThat(form).isPositive();
      assertThat(fixture.error(Arrays.copyOf(both, 40), 0)).isLessThan(1e-4);
      assertThat(fixture.error(usual, 0)).isGreaterThan(1e-2);
      for (int i = 0; i < 40; i++) {
        assertThat(both[40 + i]).containsExactly(usual[i], within(1e-4f));
      }
    }
  }

  private static org.assertj.core.data.Offset<Float> within(float offset) {
    return org.assertj.core.api.Assertions.within(offset);
  }

  private void row(Fixture fixture, int form, int slot) {
    plan.row(0);
    plan.form(form);
    plan.tokens(fixture.tokens(), 0, 40);
    plan.segment(slot, 40);
  }

  @Test
  void leavesDynamicRopeAsItWasForSequencesAsLongAsThoseOfPretraining() {
    Fixture fixture = Fixture.read("llama-dynamic");
    DecoderConfig plain =
        Configs.rope(rope -> new Rope.Default(rope.theta())).apply(fixture.config());
    row(fixture, fixture.config().ropeForm(96), 0);
    try (TorchEngine dynamic = TorchEngine.open(fixture.config(), fixture.checkpoint(), OPTIONS);
        TorchEngine unscaled = TorchEngine.open(plain, fixture.checkpoint(), OPTIONS)) {
      float[][] logits = dynamic.logits(plan);
      float[][] expected = unscaled.logits(plan);
      for (int i = 0; i < 40; i++) {
        assertThat(logits[i]).containsExactly(expected[i], within(1e-4f));
      }
    }
  }

  @Test
  void choosesTheFormByTheMostTokensOfASequence() {
    DecoderConfig dynamic = Fixture.read("llama-dynamic").config();
    assertThat(dynamic.ropeForm(96)).isZero();
    assertThat(dynamic.ropeForm(97)).isEqualTo(97);
    assertThat(dynamic.maxPosition()).isEqualTo(192);
    DecoderConfig longRope = Fixture.read("phi3").config();
    assertThat(longRope.ropeForm(64)).isZero();
    assertThat(longRope.ropeForm(65)).isEqualTo(1);
    assertThat(Fixture.read("llama").config().ropeForm(256)).isZero();
  }
}
