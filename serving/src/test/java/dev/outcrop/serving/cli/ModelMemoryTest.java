package dev.outcrop.serving.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.loading.LoadOptions;
import dev.outcrop.models.loading.LoadedModel;
import dev.outcrop.models.loading.Quantization;
import dev.outcrop.serving.plan.ModelWork;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The demo model, which is small enough to be counted by its parts. */
final class ModelMemoryTest {
  private static final Path DEMO = Path.of("..", "models", "demo", "model");
  private static final KvGeometry KV = new KvGeometry(16, 10, 1_000, 160);
  private static final double KV_BYTES = 16.0 * 10 * 1_000;

  private static double weights(LoadOptions.Dtype dtype, Quantization quantization) {
    return ModelMemory.of(DEMO, quantization, LoadedModel.inspect(DEMO, dtype), KV) - KV_BYTES;
  }

  @Test
  void weightsCountAsTheyAreHeldAndNotAsTheyAreStored() {
    ModelWork work = ModelWork.of(DecoderConfig.read(DEMO), Quantization.NONE);
    double whole = weights(LoadOptions.Dtype.BFLOAT16, Quantization.NONE);

    assertThat(whole).isEqualTo(work.weightBytes(), within(1e-3));
    assertThat(weights(LoadOptions.Dtype.FLOAT32, Quantization.NONE))
        .isEqualTo(2 * whole, within(1e-3));
    assertThat(weights(LoadOptions.Dtype.BFLOAT16, Quantization.INT4_G64))
        .isLessThan(whole)
        .isEqualTo(ModelWork.of(work.config(), Quantization.INT4_G64).weightBytes(), within(1e-3));
  }
}
