package dev.outcrop.models.loading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.engine.Engine;
import dev.outcrop.models.weights.Checkpoint;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class EngineLoaderTest {
  private final Path folder = folder("qwen2");
  private final DecoderConfig config = DecoderConfig.read(folder);
  private final Checkpoint checkpoint = Checkpoint.open(folder);

  @Test
  void givesTheSameLogitsWholeAndInChunks() {
    int[] ids = {1, 5, 9, 11, 30, 2, 8};

    float[][] whole = logits(ids, 7);
    float[][] chunks = logits(ids, 3);

    assertThat(whole).hasDimensions(7, 96);
    for (int i = 0; i < ids.length; i++) {
      assertThat(chunks[i])
          .containsExactly(whole[i], org.assertj.core.api.Assertions.within(1e-4f));
    }
  }

  @Test
  void turnsBytesIntoTokensOfKv() {
    // 3 layers, K and V, 2 heads of 8, 2 bytes each.
    long perToken = 3 * 2 * 2 * 8 * 2;
    int tokens = EngineLoader.kvTokens(config, ComputeType.BFLOAT16, 1_000 * perToken + 1);
    EngineOptions options = new EngineOptions(ComputeType.BFLOAT16, tokens, 1);
    try (Engine engine = EngineLoader.open(config, checkpoint, options)) {
      assertThat(tokens).isEqualTo(1_000);
      assertThat(engine.geometry().bytesPerToken()).isEqualTo(perToken);
    }
  }

  @Test
  void namesTheTensorThatIsMissing() {
    Checkpoint other = Checkpoint.open(folder("qwen2").resolve("expected"));

    assertThatThrownBy(
            () -> EngineLoader.logits(config, other, ComputeType.FLOAT32, new int[] {1}, 1))
        .isInstanceOfSatisfying(
            OutcropException.class,
            e -> assertThat(e.code()).isEqualTo(ModelError.CHECKPOINT_INVALID))
        .hasMessageContaining("model.layers.0.input_layernorm.weight");
  }

  private float[][] logits(int[] ids, int chunk) {
    return EngineLoader.logits(config, checkpoint, ComputeType.FLOAT32, ids, chunk);
  }

  private static Path folder(String name) {
    try {
      return Path.of(
          Objects.requireNonNull(EngineLoaderTest.class.getResource("/checkpoints/" + name))
              .toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
