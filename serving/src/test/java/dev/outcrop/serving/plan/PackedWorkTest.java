package dev.outcrop.serving.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.outcrop.models.OutcropException;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.loading.Quantization;
import dev.outcrop.serving.prices.Prices;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Llama 3.1 70B whose linear layers the checkpoint holds in four bits. */
final class PackedWorkTest {
  private static final long EMBEDDING = 128_256L * 8_192;
  private static final long NORMS = 161L * 8_192;
  private static final long LINEAR = 70_553_706_496L - 2 * EMBEDDING - NORMS;

  private static final String AWQ =
      "\"quantization_config\": {\"quant_method\": \"awq\", \"version\": \"gemm\", \"bits\": 4, \"group_size\": 128}";
  private static final String GPTQ =
      "\"quantization_config\": {\"quant_method\": \"gptq\", \"bits\": 4, \"group_size\": 32}";

  private static ModelWork work(String more, Quantization quantization) {
    String json =
        """
        {"model_type": "llama", "hidden_size": 8192, "intermediate_size": 28672,
         "num_hidden_layers": 80, "num_attention_heads": 64, "num_key_value_heads": 8,
         "vocab_size": 128256, "max_position_embeddings": 131072, "rms_norm_eps": 1e-05, %s}
        """
            .formatted(more);
    return ModelWork.of(
        DecoderConfig.parse("config.json", json.getBytes(StandardCharsets.UTF_8)), quantization);
  }

  @Test
  void linearLayersTakeFourBitsAndTheScalesOfGroups() {
    ModelWork awq = work(AWQ, Quantization.NONE);
    ModelWork gptq = work(GPTQ, Quantization.NONE);

    double whole = 2.0 * (2 * EMBEDDING + NORMS);
    assertThat(awq.weightBytes()).isEqualTo(LINEAR * (0.5 + 4.0 / 128) + whole, within(1.0));
    assertThat(gptq.weightBytes()).isEqualTo(LINEAR * (0.5 + 4.0 / 32) + whole, within(1.0));
    assertThat(awq.weightBytes()).isBetween(40e9, 41e9);
    assertThat(awq.bytesRead(1))
        .as("all but the embedding")
        .isEqualTo(awq.weightBytes() - 2.0 * EMBEDDING, within(1.0));
    assertThat(awq.held()).isEqualTo("awq-g128");
    assertThat(gptq.held()).isEqualTo("gptq-g32");
  }

  @Test
  void inSinglePrecisionOnlyWhatIsWholeTakesTwice() {
    ModelWork awq = work(AWQ, Quantization.NONE);
    ModelWork plain = work("\"torch_dtype\": \"float32\"", Quantization.NONE);

    assertThat(plain.weightBytes(4)).isEqualTo(2 * plain.weightBytes());
    assertThat(awq.weightBytes(4))
        .isEqualTo(LINEAR * (0.5 + 8.0 / 128) + 4.0 * (2 * EMBEDDING + NORMS), within(1.0));
  }

  @Test
  void runsOnProcessorsOnly() {
    ModelWork work = work(AWQ, Quantization.NONE);

    assertThat(standing(work, "p5.48xlarge").state()).isEqualTo(Standing.State.UNSUPPORTED);
    assertThat(standing(work, "p5.48xlarge").reason())
        .contains("weights that the checkpoint holds packed");
  }

  @Test
  void gpusHaveFourBitsOfAWholeCheckpointAndNotEight() {
    ModelWork four = work("\"rope_theta\": 500000.0", Quantization.INT4_G128);
    ModelWork eight = work("\"rope_theta\": 500000.0", Quantization.INT8);

    assertThat(standing(four, "p5.48xlarge").state()).isEqualTo(Standing.State.UNTESTED);
    assertThat(standing(eight, "p5.48xlarge").state()).isEqualTo(Standing.State.UNSUPPORTED);
    assertThat(standing(eight, "p5.48xlarge").reason()).contains("weights of eight bits");
  }

  /** As the engine refuses it: both ask the same. */
  @ParameterizedTest
  @CsvSource({"264, heads of 264 dimensions", "12, heads of 12 dimensions"})
  void headsThatNoKernelTakesAreNotOnGpus(int headDim, String reason) {
    ModelWork work = work("\"head_dim\": " + headDim, Quantization.NONE);

    assertThat(standing(work, "p5.48xlarge").state()).isEqualTo(Standing.State.UNSUPPORTED);
    assertThat(standing(work, "p5.48xlarge").reason()).contains(reason);
  }

  private static Standing standing(ModelWork work, String type) {
    var instance = Prices.builtIn().instance(type).orElseThrow();
    return Standing.of(work, instance, Layout.of(work, instance, 2_000));
  }

  @Test
  void whatIsPackedIsNotQuantisedAgain() {
    assertThatThrownBy(() -> work(AWQ, Quantization.INT8))
        .isInstanceOf(OutcropException.class)
        .hasMessageContainingAll("awq-g128", "quantization must be none", "int8");
  }
}
