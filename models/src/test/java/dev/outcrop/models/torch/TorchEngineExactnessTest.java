package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares the engine with what transformers computed, see make_fixtures.py. */
class TorchEngineExactnessTest {
  static final double BOUND = 1e-4;
  private static final TorchOptions OPTIONS = new TorchOptions(ElementType.FLOAT32, 512, 1);

  static Stream<String> fixtures() {
    return Stream.of(
        "llama",
        "llama-biased",
        "llama-bf16",
        "llama-dynamic",
        "llama-yarn",
        "mistral",
        "qwen2",
        "qwen2-mixed",
        "qwen3",
        "gemma2",
        "gemma3_text",
        "phi3",
        "phi3-short",
        "olmo2",
        "granite",
        "smollm3",
        "starcoder2",
        "mixtral",
        "qwen2_moe",
        "qwen3_moe",
        "gpt_oss",
        "gpt_oss-mxfp4",
        "deepseek_v3",
        "deepseek_v3-plain");
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void equalsTransformersHoweverTheSequenceIsRun(String name) {
    Fixture fixture = Fixture.read(name);
    int n = fixture.length();
    try (TorchEngine engine = open(fixture)) {
      StepPlan plan = new StepPlan();
      fixture.row(plan, 0, n, 0, n);
      assertThat(fixture.error(engine.logits(plan), 0)).as("solo").isLessThan(BOUND);

      // Three segments, far apart and in no order; chunks that cross their borders.
      int[] cuts = {0, 5, 32 + 7, 60, n};
      for (int i = 0; i + 1 < cuts.length; i++) {
        plan.clear();
        fixture.row(plan, cuts[i], cuts[i + 1], segments(cuts[i + 1], 256, 64, 160));
        assertThat(fixture.error(engine.logits(plan), cuts[i])).as("chunk").isLessThan(BOUND);
      }

      for (int i = 0; i < n; i++) {
        plan.clear();
        fixture.row(plan, i, i + 1, segments(i + 1, 384, 96, 128));
        assertThat(fixture.error(engine.logits(plan), i)).as("token " + i).isLessThan(BOUND);
      }

      for (int i = 0; i < n; i++) {
        plan.clear();
        fixture.row(plan, i, i + 1, 0, i + 1);
        assertThat(fixture.error(engine.logits(plan), i)).as("token " + i).isLessThan(BOUND);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void choosesTheGreedyTokensOfTransformersInAMixedBatch(String name) {
    Fixture fixture = Fixture.read(name);
    try (TorchEngine engine = open(fixture)) {
      int[] wanted = Arrays.copyOfRange(fixture.tokens(), fixture.promptTokens(), fixture.length());
      int[] got = new int[wanted.length];
      StepPlan plan = new StepPlan();
      for (int i = 0; i < wanted.length; i++) {
        int end = fixture.promptTokens() + i;
        plan.clear();
        // A neighbour that decodes, one that prefills a chunk, and the row that counts, which
        // prefills first and decodes then.
        fixture.row(plan, i, i + 1, 256, i + 1);
        fixture.row(plan, 2 * i, 2 * i + 2, 384, 2 * i + 2);
        fixture.row(plan, i == 0 ? 0 : end - 1, end, 0, end);
        StepResult.Sampled result = (StepResult.Sampled) engine.submit(plan).await();
        got[i] = result.tokens()[2];
        assertThat(result.tokens()[0]).isEqualTo(fixture.best(i + 1));
        assertThat(result.tokens()[1]).isEqualTo(fixture.best(2 * i + 2));
      }
      assertThat(got).isEqualTo(wanted);
    }
  }

  private static TorchEngine open(Fixture fixture) {
    return TorchEngine.open(fixture.config(), fixture.checkpoint(), OPTIONS);
  }

  /** Segments that cover {@code end} tokens: 32, 15 and the rest, at the given slots. */
  private static int[] segments(int end, int first, int second, int third) {
    if (end <= 32) {
      return new int[] {first, end};
    }
    if (end <= 47) {
      return new int[] {first, 32, second, end - 32};
    }
    return new int[] {first, 32, second, 15, third, end - 47};
  }
}
