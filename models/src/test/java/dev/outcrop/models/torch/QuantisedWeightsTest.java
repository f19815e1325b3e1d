package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.models.engine.StepPlan;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every family with quantised weights: it loads, and says nearly what its whole weights say. */
final class QuantisedWeightsTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "deepseek_v3",
        "gemma2",
        "gemma3_text",
        "gpt_oss",
        "gpt_oss-mxfp4",
        "granite",
        "llama",
        "llama-biased",
        "mistral",
        "mixtral",
        "olmo2",
        "phi3",
        "qwen2",
        "qwen2_moe",
        "qwen3",
        "qwen3_moe",
        "smollm3",
        "starcoder2"
      })
  void staysNear(String family) {
    Fixture fixture = Fixture.read(family);
    double eight = divergence(fixture, new WeightFormat(8, 0, false));
    double rounded = divergence(fixture, new WeightFormat(8, 0, true));
    double four = divergence(fixture, new WeightFormat(4, 32, false));

    // The fixtures are a hard case: large random weights, where little noise makes another token as
    // likely.
    assertThat(eight).isBetween(1e-6, 0.05);
    assertThat(rounded).isBetween(1e-6, 0.1);
    assertThat(four).isBetween(eight, 1.2);
  }

  /** The prompt runs on other kernels than the last token, which is decoded alone. */
  private static double divergence(Fixture fixture, WeightFormat format) {
    TorchOptions options = new TorchOptions(ElementType.FLOAT32, 256, 1, format);
    float[][] said = fixture.said(options);
    int n = fixture.length();
    try (TorchEngine engine = TorchEngine.open(fixture.config(), fixture.checkpoint(), options)) {
      StepPlan plan = new StepPlan();
      fixture.row(plan, 0, n, 0, n);
      float[] whole = engine.logits(plan)[n - 1];
      double worst = 0;
      for (int v = 0; v < whole.length; v++) {
        worst = Math.max(worst, Math.abs(whole[v] - said[n - 1][v]));
      }
      if (!format.roundsInputs()) {
        // Of many rows the numbers have 16 bits each.
        assertThat(worst / fixture.largest()).isLessThan(3e-4);
      }
    }
    return fixture.divergence(said);
  }
}
