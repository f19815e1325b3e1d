package dev.outcrop.models.arch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.arch.Attention.QkNorm;
import dev.outcrop.models.weights.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class DecoderConfigTest {
  private static final String SIZES =
      """
      "vocab_size":100,"hidden_size":64,"intermediate_size":96,"num_hidden_layers":4,
      "num_attention_heads":8,"num_key_value_heads":2,"max_position_embeddings":4096
      """;

  @TempDir Path folder;

  @Test
  void readsBothSpellingsOfLlama3AsTheSame() throws IOException {
    DecoderConfig four =
        read(
            "llama",
            """
            ,"torch_dtype":"bfloat16","rope_theta":500000.0,"rope_scaling":{"rope_type":"llama3",
            "factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,
            "original_max_position_embeddings":1024}
            """);
    DecoderConfig five =
        read(
            "llama",
            """
            ,"dtype":"bfloat16","rope_parameters":{"rope_type":"llama3","rope_theta":500000.0,
            "factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,
            "original_max_position_embeddings":1024}
            """);

    assertThat(four).isEqualTo(five);
    assertThat(rope(four)).isEqualTo(new Rope.Llama3(500_000, 8, 1, 4, 1_024));
    assertThat(four.dtype()).isEqualTo(DType.BF16);
    assertThat(four.attention().headDim()).isEqualTo(8);
    assertThat(four.attention().kvHeads()).isEqualTo(2);
  }

  @Test
  void readsDefaultAndLinearRopeInBothSpellings() throws IOException {
    assertThat(rope(read("llama", ""))).isEqualTo(new Rope.Default(10_000));
    assertThat(rope(read("llama", ",\"rope_theta\":5e5,\"rope_scaling\":null")))
        .isEqualTo(new Rope.Default(500_000));
    assertThat(
            rope(
                read(
                    "qwen2",
                    ",\"rope_parameters\":{\"rope_type\":\"default\",\"rope_theta\":1000000}")))
        .isEqualTo(new Rope.Default(1_000_000));
    assertThat(rope(read("llama", ",\"rope_scaling\":{\"type\":\"linear\",\"factor\":2}")))
        .isEqualTo(new Rope.Linear(10_000, 2));
    assertThat(
            rope(
                read(
                    "mistral",
                    """
                    ,"rope_parameters":{"rope_type":"linear","rope_theta":7,"factor":4.0}
                    """)))
        .isEqualTo(new Rope.Linear(7, 4));
  }

  @Test
  void knowsWhichProjectionsOfAFamilyHaveBiases() throws IOException {
    DecoderConfig llama = read("llama", ",\"attention_bias\":true,\"mlp_bias\":true");
    Attention plain = Attention.plain(8, 2, 8);
    assertThat(llama.attention()).isEqualTo(plain.withBias(true, true));
    assertThat(mlp(llama)).isEqualTo(new Mlp.Gated(96, Activation.SILU, true, false));

    DecoderConfig mistral = read("mistral", ",\"attention_bias\":true,\"mlp_bias\":true");
    assertThat(mistral.attention()).isEqualTo(plain);
    assertThat(mlp(mistral)).isEqualTo(new Mlp.Gated(96, Activation.SILU, false, false));

    assertThat(read("qwen2", "").attention()).isEqualTo(plain.withBias(true, false));
    assertThat(read("qwen3", "").attention())
        .isEqualTo(Attention.plain(8, 2, 128).withQkNorm(QkNorm.HEAD));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "none",
      value = {
        "llama   | ,\"sliding_window\":16                                                    | none",
        "mistral | ,\"sliding_window\":16                                                    | 16",
        "mistral | ,\"sliding_window\":null                                                  | none",
        "mistral | ,\"rope_theta\":10000                                                     | 4096",
        "qwen2   | ,\"sliding_window\":16,\"use_sliding_window\":false                       | none",
        "qwen2   | ,\"sliding_window\":16,\"max_window_layers\":0                            | none",
        "qwen2   | ,\"sliding_window\":16,\"use_sliding_window\":true                        | none",
        "qwen2   | ,\"sliding_window\":16,\"use_sliding_window\":true,\"max_window_layers\":4 | none",
        "qwen2   | ,\"sliding_window\":16,\"use_sliding_window\":true,\"max_window_layers\":0 | 16",
        "qwen3   | ,\"sliding_window\":null,\"use_sliding_window\":true,\"max_window_layers\":0 | none",
      })
  void readsTheWindowAsTheFamilyMeansIt(String family, String extra, Integer window)
      throws IOException {
    assertThat(windows(read(family, extra))).containsOnly(window);
  }

  @Test
  void readsLayerTypes() throws IOException {
    String window = ",\"sliding_window\":16,\"use_sliding_window\":true,\"layer_types\":";
    String sliding = "\"sliding_attention\"";
    String full = "\"full_attention\"";
    assertThat(windows(read("qwen3", window + list(full, sliding, sliding, full))))
        .containsExactly(null, 16, 16, null);
    assertThat(windows(read("gemma2", window + list(full, full, full, sliding))))
        .containsExactly(null, null, null, 16);
    unsupported("qwen3", window + list(full, "\"mamba\"", full, full), "layer_types", "'mamba'");
    invalid("qwen3", window + list(full), "layer_types", "1 entries");
  }

  @Test
  void listsWhatIsSupported() throws IOException {
    unsupported("gemma3", "", "model_type", "'gemma3'", Family.supported());
    assertThat(Family.supported())
        .isEqualTo(
            "llama, mistral, qwen2, qwen3, gemma2, gemma3_text, phi3, olmo2, granite, smollm3,"
                + " starcoder2, mixtral, qwen2_moe, qwen3_moe, gpt_oss, deepseek_v3");
    unsupported("llama", ",\"hidden_act\":\"relu\"", "hidden_act", "'relu'", "silu, gelu");
    unsupported(
        "llama",
        ",\"quantization_config\":{\"quant_method\":\"aqlm\"}",
        "'aqlm'",
        "bfloat16",
        "gptq");
    unsupported(
        "qwen2",
        ",\"rope_scaling\":{\"type\":\"proportional\",\"factor\":4.0}",
        "rope_scaling.type",
        "'proportional'",
        "default, linear, dynamic, llama3, yarn, longrope");
    unsupported(
        "llama", ",\"rope_parameters\":{\"full_attention\":{\"rope_theta\":1}}", "per layer type");
    unsupported("llama", ",\"partial_rotary_factor\":0.5", "partial_rotary_factor");
    unsupported("llama", ",\"torch_dtype\":\"float64\"", "torch_dtype", "float32");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "vocab_size|0",
        "vocab_size|99999999999",
        "vocab_size|\"100\"",
        "hidden_size|63",
        "hidden_size|64.5",
        "hidden_size|1e300",
        "num_hidden_layers|-1",
        "num_hidden_layers|null",
        "num_attention_heads|true",
        "num_key_value_heads|3",
        "num_key_value_heads|0",
        "intermediate_size|[]",
        "max_position_embeddings|0",
        "rms_norm_eps|0",
        "rms_norm_eps|\"1e-5\"",
        "rope_theta|-1",
        "rope_theta|1e400",
        "head_dim|3",
        "head_dim|0",
        "head_dim|100000",
        "tie_word_embeddings|1",
        "eos_token_id|-7",
        "eos_token_id|[1,\"2\"]",
        "hidden_act|1",
        "quantization_config|7",
        "rope_scaling|\"linear\"",
      })
  void namesFieldThatIsOutOfBounds(String fieldAndValue) throws IOException {
    String field = fieldAndValue.substring(0, fieldAndValue.indexOf('|'));
    String value = fieldAndValue.substring(fieldAndValue.indexOf('|') + 1);
    String config = "{\"model_type\":\"llama\"," + SIZES + "}";
    config =
        config.contains(field)
            ? config.replaceFirst("\"" + field + "\":\\d+", "\"" + field + "\":" + value)
            : config.replace("}", ",\"" + field + "\":" + value + "}");
    Files.writeString(folder.resolve("config.json"), config);
    refused(ModelError.CHECKPOINT_INVALID, field);
  }

  @Test
  void namesMissingFileAndMissingType() throws IOException {
    refused(ModelError.CHECKPOINT_INVALID, "missing");
    Files.writeString(folder.resolve("config.json"), "{" + SIZES + "}");
    refused(ModelError.CHECKPOINT_INVALID, "model_type");
    Files.writeString(folder.resolve("config.json"), "{\"model_type\":\"llama\",\"x\":1,\"x\":2}");
    refused(ModelError.CHECKPOINT_INVALID, "'x'");
  }

  @Test
  void takesGenerationDefaultsFromTheirFileFirst() throws IOException {
    DecoderConfig config = read("llama", ",\"eos_token_id\":2,\"bos_token_id\":null");
    assertThat(config.bosTokens()).isEmpty();
    assertThat(GenerationDefaults.read(folder, config).eosTokens()).containsExactly(2);
    Files.writeString(
        folder.resolve("generation_config.json"),
        """
        {"eos_token_id":[7,8],"do_sample":true,"temperature":0.6,"top_p":0.9,"top_k":20,
        "repetition_penalty":1.05}
        """);
    GenerationDefaults defaults = GenerationDefaults.read(folder, config);

    assertThat(defaults.eosTokens()).containsExactly(7, 8);
    assertThat(defaults.sample()).isTrue();
    assertThat(defaults.temperature()).isEqualTo(0.6);
    assertThat(defaults.topP()).isEqualTo(0.9);
    assertThat(defaults.topK()).isEqualTo(20);
    assertThat(defaults.minP()).isNull();
    assertThat(defaults.repetitionPenalty()).isEqualTo(1.05);
  }

  @Test
  void refusesEosTokenOutsideTheVocabulary() throws IOException {
    DecoderConfig config = read("llama", "");
    Files.writeString(folder.resolve("generation_config.json"), "{\"eos_token_id\":100}");
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> GenerationDefaults.read(folder, config))
        .withMessageContainingAll("generation_config.json", "eos_token_id", "100");
  }

  @ParameterizedTest
  @CsvSource({
    "top_p, 0",
    "top_p, -0.0",
    "top_p, 1.1",
    "repetition_penalty, 0",
    "repetition_penalty, 101",
    "temperature, -1",
    "temperature, 101",
    "min_p, -0.1",
    "min_p, 1.1",
    "top_k, -1",
  })
  void refusesSamplingOutOfRange(String field, String value) throws IOException {
    DecoderConfig config = read("llama", "");
    Files.writeString(
        folder.resolve("generation_config.json"), "{\"" + field + "\":" + value + "}");
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> GenerationDefaults.read(folder, config))
        .withMessageContainingAll("generation_config.json", field)
        .satisfies(e -> assertThat(e.code()).isEqualTo(ModelError.CHECKPOINT_INVALID));
  }

  private static @Nullable Rope rope(DecoderConfig config) {
    return config.layers().getFirst().rope();
  }

  private static Mlp mlp(DecoderConfig config) {
    return config.layers().getFirst().mlp();
  }

  private static List<@Nullable Integer> windows(DecoderConfig config) {
    return config.layers().stream().<@Nullable Integer>map(Layer::window).toList();
  }

  private DecoderConfig read(String family, String extra) throws IOException {
    write(family, extra);
    return DecoderConfig.read(folder);
  }

  private void write(String family, String extra) throws IOException {
    Files.writeString(
        folder.resolve("config.json"), "{\"model_type\":\"" + family + "\"," + SIZES + extra + "}");
  }

  private void unsupported(String family, String extra, String... words) throws IOException {
    write(family, extra);
    refused(ModelError.CHECKPOINT_UNSUPPORTED, words);
  }

  private void invalid(String family, String extra, String... words) throws IOException {
    write(family, extra);
    refused(ModelError.CHECKPOINT_INVALID, words);
  }

  private void refused(ModelError code, String... words) {
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> DecoderConfig.read(folder))
        .satisfies(
            e -> {
              assertThat(e.code()).isEqualTo(code);
              assertThat(e).hasMessageContaining("config.json");
              assertThat(e.getMessage()).contains(words);
            });
  }

  private static String list(String... entries) {
    return "[" + String.join(",", entries) + "]";
  }
}
