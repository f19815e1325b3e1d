package dev.outcrop.serving.cost;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.outcrop.batching.RowWork;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.loading.Quantization;
import dev.outcrop.serving.plan.ModelWork;
import dev.outcrop.serving.plan.Presets;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The split of steps, against what the planner says of the same rows. */
final class WindowedSplitTest {
  /** Of 24 layers four see all tokens, as in Gemma 3; the others see 1,024. */
  private static final ModelWork WINDOWED =
      ModelWork.of(
          DecoderConfig.parse(
              "config.json",
              """
              {
                "model_type": "gemma3_text", "vocab_size": 1000, "hidden_size": 640,
                "intermediate_size": 2048, "num_hidden_layers": 24, "num_attention_heads": 4,
                "num_key_value_heads": 1, "head_dim": 256, "max_position_embeddings": 131072,
                "sliding_window": 1024, "sliding_window_pattern": 6
              }
              """
                  .getBytes(UTF_8)),
          Quantization.NONE);

  private static final ModelWork PLAIN =
      ModelWork.of(Presets.config("meta.llama3-1-8b-instruct"), Quantization.NONE);

  static Stream<ModelWork> models() {
    return Stream.of(WINDOWED, PLAIN);
  }

  private static double bytes(ModelWork work, int context) {
    double flopsPerByte = 1e9; // operations take no time
    return StepSplit.of(work, flopsPerByte).part(1, context, 0) / flopsPerByte;
  }

  private static RowWork operations(ModelWork work) {
    return StepSplit.of(work, 1e-9); // bytes take no time
  }

  @ParameterizedTest
  @MethodSource("models")
  void aDecodeReadsTheKvThatItsLayersSee(ModelWork work) {
    for (int context : new int[] {1, 500, 1_024, 1_025, 100_000}) {
      assertThat(bytes(work, context)).isCloseTo(work.kvBytesRead(context), withinPercentage(1e-6));
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void aDecodeComputesWithWhatItsLayersSee(ModelWork work) {
    for (int context : new int[] {1, 500, 1_024, 1_025, 100_000}) {
      assertThat(operations(work).part(1, context, 0))
          .isCloseTo(work.decodeFlops(context), withinPercentage(1e-6));
    }
  }

  /** All of a prompt or a chunk of it takes what its tokens would take one by one. */
  @ParameterizedTest
  @ValueSource(ints = {400, 2_000, 30_000})
  void aPromptIsWhatItsTokensAre(int tokens) {
    RowWork split = operations(WINDOWED);
    double each = 0;
    for (int context = tokens / 2 + 1; context <= tokens; context++) {
      each += WINDOWED.decodeFlops(context);
    }
    assertThat(split.part(tokens - tokens / 2, tokens, 0)).isCloseTo(each, withinPercentage(1e-6));
  }

  /** It was charged as if every layer read all 100,000 tokens. */
  @Test
  void aLongRowIsNotChargedForWhatWindowsHide() {
    double times = bytes(WINDOWED, 100_000) / bytes(WINDOWED, 500);
    assertThat(times).isCloseTo((4 * 100_000 + 20 * 1_024) / (24 * 500.0), withinPercentage(1e-6));
  }
}
