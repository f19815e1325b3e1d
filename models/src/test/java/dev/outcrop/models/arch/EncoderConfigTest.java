package dev.outcrop.models.arch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.arch.EncoderConfig.Activation;
import dev.outcrop.models.arch.EncoderConfig.Positions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class EncoderConfigTest {
  @TempDir Path folder;

  private EncoderConfig read(String json) throws IOException {
    Files.writeString(folder.resolve("config.json"), json);
    return EncoderConfig.read(folder);
  }

  @Test
  void fillsInTheDefaultsOfBert() throws IOException {
    EncoderConfig config = read("{\"model_type\":\"bert\"}");
    assertThat(config.hiddenSize()).isEqualTo(768);
    assertThat(config.layers()).isEqualTo(12);
    assertThat(config.maxTokens()).isEqualTo(512);
    assertThat(config.positions()).isEqualTo(new Positions.Learned(512, 0, 2));
    assertThat(config.normEps()).isEqualTo(1e-12);
    assertThat(config.activation()).isEqualTo(Activation.GELU);
    assertThat(config.classifier()).isNull();
    assertThat(EncoderConfig.isEncoder(folder)).isTrue();
  }

  @Test
  void positionsOfXlmRobertaBeginBehindThePaddingToken() throws IOException {
    EncoderConfig config =
        read("{\"model_type\":\"xlm-roberta\",\"max_position_embeddings\":514,\"pad_token_id\":1}");
    assertThat(config.maxTokens()).isEqualTo(512);
    assertThat(config.positions()).isEqualTo(new Positions.Learned(514, 2, 2));
  }

  @Test
  void readsModernBertAsTransformers4WroteIt() throws IOException {
    EncoderConfig config =
        read(
            """
            {"model_type":"modernbert","num_hidden_layers":4,"global_attn_every_n_layers":2,
             "local_attention":64,"global_rope_theta":80000.0,"local_rope_theta":5000.0,
             "architectures":["ModernBertForSequenceClassification"],"classifier_pooling":"mean",
             "id2label":{"0":"LABEL_0"}}
            """);
    assertThat(config.positions())
        .isEqualTo(new Positions.Rotary(80_000, 5_000, 32, List.of(false, true, false, true)));
    assertThat(config.classifier()).isEqualTo(new EncoderConfig.Classifier(1, Pooling.MEAN, false));
    assertThat(config.maxTokens()).isEqualTo(8_192);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{}|model_type",
        "{\"model_type\":\"bert\",\"num_attention_heads\":7}|hidden_size",
        "{\"model_type\":\"bert\",\"hidden_size\":-1}|hidden_size",
        "{\"model_type\":\"bert\",\"max_position_embeddings\":1e30}|max_position_embeddings",
        "{\"model_type\":\"xlm-roberta\",\"pad_token_id\":511}|pad_token_id",
        "{\"model_type\":\"modernbert\",\"layer_types\":[\"full_attention\"]}|layer_types"
      })
  void namesTheFieldThatIsUnsound(String json, String field) {
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> read(json))
        .withMessageContainingAll("config.json", field)
        .satisfies(e -> assertThat(e.code()).isEqualTo(ModelError.CHECKPOINT_INVALID));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"model_type\":\"t5\"}|bert, xlm-roberta, modernbert",
        "{\"model_type\":\"bert\",\"hidden_act\":\"silu\"}|gelu, gelu_new",
        "{\"model_type\":\"bert\",\"position_embedding_type\":\"relative_key\"}|absolute",
        "{\"model_type\":\"bert\",\"is_decoder\":true}|encoders",
        "{\"model_type\":\"modernbert\",\"rope_scaling\":{\"rope_type\":\"yarn\"}}|default rope",
        "{\"model_type\":\"bert\",\"quantization_config\":{\"quant_method\":\"x\"}}|float32"
      })
  void saysWhatIsSupported(String json, String supported) {
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> read(json))
        .withMessageContaining(supported)
        .satisfies(e -> assertThat(e.code()).isEqualTo(ModelError.CHECKPOINT_UNSUPPORTED));
  }
}
