package dev.outcrop.models.arch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.arch.Attention.QkNorm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Families as their published checkpoints spell them, in the spellings of transformers 4 and 5. */
final class FamiliesTest {
  private static final String SIZES =
      """
      "vocab_size":100,"hidden_size":64,"intermediate_size":96,"num_hidden_layers":4,
      "num_attention_heads":8
      """;

  @TempDir Path folder;

  @Test
  void readsGemma2() throws IOException {
    DecoderConfig config =
        read(
            """
            {"model_type":"gemma2","attention_bias":false,"attn_logit_softcapping":50.0,
            "final_logit_softcapping":30.0,"head_dim":128,"hidden_act":"gelu_pytorch_tanh",
            "hidden_activation":"gelu_pytorch_tanh","hidden_size":4608,"intermediate_size":36864,
            "max_position_embeddings":8192,"num_attention_heads":32,"num_hidden_layers":46,
            "num_key_value_heads":16,"query_pre_attn_scalar":144,"rms_norm_eps":1e-06,
            "rope_theta":10000.0,"sliding_window":4096,"torch_dtype":"float32","vocab_size":256000}
            """);

    assertThat(config.attention())
        .isEqualTo(Attention.plain(32, 16, 128).withScores(1.0 / 12, 50.0));
    assertThat(config.norms()).isEqualTo(new Norms(Norms.Kind.RMS, 1e-6, Norms.Place.AROUND, true));
    assertThat(config.scales()).isEqualTo(new Scales(Math.sqrt(4608), 1, 1, 30.0));
    assertThat(windows(config).subList(0, 4)).containsExactly(4096, null, 4096, null);
    assertThat(first(config))
        .isEqualTo(
            new Layer(
                4096,
                new Rope.Default(10_000),
                new Mlp.Gated(36864, Activation.GELU_TANH, false, false)));
    assertThat(config.tiedEmbeddings()).isTrue();
  }

  @Test
  void readsGemma3OfBothSpellingsAsTheSame() throws IOException {
    String sizes =
        """
        {"model_type":"gemma3_text","head_dim":256,"hidden_size":1152,"intermediate_size":6912,
        "max_position_embeddings":32768,"num_attention_heads":4,"num_hidden_layers":8,
        "num_key_value_heads":1,"query_pre_attn_scalar":256,"sliding_window":512,
        "vocab_size":262144,
        """;
    DecoderConfig four =
        read(
            sizes
                + """
                "rope_local_base_freq":10000,"rope_theta":1000000,"sliding_window_pattern":6,
                "rope_scaling":{"factor":8.0,"rope_type":"linear"},
                "attn_logit_softcapping":null,"final_logit_softcapping":null}
                """);
    DecoderConfig five =
        read(
            sizes
                + """
                "layer_types":["sliding_attention","sliding_attention","sliding_attention",
                "sliding_attention","sliding_attention","full_attention","sliding_attention",
                "sliding_attention"],"rope_parameters":{"full_attention":{"rope_type":"linear",
                "rope_theta":1000000,"factor":8.0},"sliding_attention":{"rope_type":"default",
                "rope_theta":10000}}}
                """);

    assertThat(four).isEqualTo(five);
    assertThat(four.layers().get(5).rope()).isEqualTo(new Rope.Linear(1_000_000, 8));
    assertThat(windows(four)).containsExactly(512, 512, 512, 512, 512, null, 512, 512);
    assertThat(first(four).rope()).isEqualTo(new Rope.Default(10_000));
    assertThat(four.attention()).isEqualTo(Attention.plain(4, 1, 256).withQkNorm(QkNorm.HEAD));
    assertThat(four.scales().logitsCap()).isNull();
  }

  @ParameterizedTest
  @CsvSource({"longrope", "su", "yarn"})
  void readsPhi3WithLongRope(String name) throws IOException {
    List<Double> shorts = Collections.nCopies(48, 1.0);
    List<Double> longs = IntStream.range(0, 48).mapToObj(i -> 1.0 + i).toList();
    DecoderConfig config =
        read(
            """
            {"model_type":"phi3","hidden_size":3072,"intermediate_size":8192,"vocab_size":200064,
            "num_attention_heads":24,"num_key_value_heads":8,"num_hidden_layers":2,
            "max_position_embeddings":131072,"original_max_position_embeddings":4096,
            "partial_rotary_factor":0.75,"rms_norm_eps":1e-05,"rope_theta":10000.0,
            "sliding_window":262144,"tie_word_embeddings":true,
            "rope_scaling":{"short_factor":%s,"long_factor":%s,"type":"%s"}}
            """
                .formatted(shorts, longs, name));

    assertThat(config.attention())
        .isEqualTo(Attention.plain(24, 8, 128).withRotaryDim(96).withFusedWeights());
    Rope.PerPair rope = (Rope.PerPair) Objects.requireNonNull(first(config).rope());
    assertThat(rope.shortFactors()).isEqualTo(shorts);
    assertThat(rope.longFactors()).isEqualTo(longs);
    assertThat(rope.attentionFactor()).isCloseTo(1.1902, within(1e-4));
    assertThat(rope.form(4096)).isZero();
    assertThat(rope.form(4097)).isEqualTo(1);
    assertThat(first(config).window()).isEqualTo(262144);
    assertThat(first(config).mlp()).isEqualTo(new Mlp.Gated(8192, Activation.SILU, false, true));
    assertThat(config.tiedEmbeddings()).isTrue();
  }

  @Test
  void readsPhi4WithPlainRope() throws IOException {
    DecoderConfig config =
        family("phi3", ",\"rope_scaling\":null,\"rope_theta\":250000,\"sliding_window\":null");

    assertThat(first(config))
        .isEqualTo(
            new Layer(
                null, new Rope.Default(250_000), new Mlp.Gated(96, Activation.SILU, false, true)));
  }

  @Test
  void readsOlmo2() throws IOException {
    DecoderConfig config = family("olmo2", ",\"rope_theta\":500000,\"rms_norm_eps\":1e-06");

    assertThat(config.attention()).isEqualTo(Attention.plain(8, 8, 8).withQkNorm(QkNorm.WIDTH));
    assertThat(config.norms()).isEqualTo(new Norms(Norms.Kind.RMS, 1e-6, Norms.Place.AFTER, false));
    assertThat(first(config).rope()).isEqualTo(new Rope.Default(500_000));
    assertThat(config.tiedEmbeddings()).isFalse();
  }

  @Test
  void readsGranite() throws IOException {
    DecoderConfig config =
        family(
            "granite",
            """
            ,"attention_multiplier":0.015625,"embedding_multiplier":12.0,"logits_scaling":8.0,
            "residual_multiplier":0.22,"tie_word_embeddings":true
            """);

    assertThat(config.attention()).isEqualTo(Attention.plain(8, 8, 8).withScores(0.015625, null));
    assertThat(config.scales()).isEqualTo(new Scales(12, 0.22, 8, null));
    assertThat(family("granite", "").scales()).isEqualTo(Scales.NONE);
    assertThat(family("granite", "").attention().scale()).isEqualTo(1);
  }

  @Test
  void readsLayersOfSmolLm3ThatDoNotRotate() throws IOException {
    Rope rope = new Rope.Default(5_000_000);
    String theta = ",\"rope_theta\":5000000.0,\"num_key_value_heads\":4";

    assertThat(ropes(family("smollm3", theta))).containsExactly(rope, rope, rope, null);
    assertThat(ropes(family("smollm3", theta + ",\"no_rope_layers\":[0,1,1,0]")))
        .containsExactly(null, rope, rope, null);
    assertThat(ropes(family("smollm3", theta + ",\"no_rope_layer_interval\":2")))
        .containsExactly(rope, null, rope, null);
    assertThat(
            windows(family("smollm3", theta + ",\"use_sliding_window\":true,\"sliding_window\":7")))
        .containsExactly(null, null, null, 7);
    assertThat(windows(family("smollm3", theta + ",\"sliding_window\":7"))).containsOnlyNulls();
  }

  @Test
  void readsStarcoder2() throws IOException {
    DecoderConfig config =
        family(
            "starcoder2",
            """
            ,"num_key_value_heads":2,"norm_epsilon":1e-05,"hidden_act":"gelu_pytorch_tanh",
            "rope_theta":999999.4420358813,"sliding_window":4096,"use_bias":true
            """);

    assertThat(config.attention()).isEqualTo(Attention.plain(8, 2, 8).withBias(true, true));
    assertThat(config.norms())
        .isEqualTo(new Norms(Norms.Kind.LAYER, 1e-5, Norms.Place.BEFORE, false));
    assertThat(first(config))
        .isEqualTo(
            new Layer(
                4096,
                new Rope.Default(999999.4420358813),
                new Mlp.Plain(96, Activation.GELU_TANH, true)));
    assertThat(config.tiedEmbeddings()).isTrue();
  }

  @Test
  void readsYarnAsItsPaperHasIt() throws IOException {
    DecoderConfig config =
        read(
            """
            {"model_type":"qwen2","hidden_size":3584,"intermediate_size":18944,"vocab_size":152064,
            "num_attention_heads":28,"num_key_value_heads":4,"num_hidden_layers":2,
            "max_position_embeddings":131072,"rope_theta":1000000.0,"rope_scaling":{"factor":4.0,
            "original_max_position_embeddings":32768,"type":"yarn"}}
            """);
    Rope.Yarn rope = (Rope.Yarn) Objects.requireNonNull(first(config).rope());

    // 128 log(32768 / (32 2 pi)) / (2 log 1e6) = 23.6; 128 log(32768 / (2 pi)) / (2 log 1e6) =
    // 39.6.
    assertThat(rope.low()).isEqualTo(23);
    assertThat(rope.high()).isEqualTo(40);
    assertThat(rope.factor()).isEqualTo(4);
    assertThat(rope.attentionFactor()).isCloseTo(0.1 * Math.log(4) + 1, within(1e-12));
    assertThat(config.maxPosition()).isEqualTo(131072);
  }

  @Test
  void letsSequencesOfDynamicRopeGetLonger() throws IOException {
    DecoderConfig config =
        family(
            "llama",
            """
            ,"max_position_embeddings":1000,"rope_scaling":{"type":"dynamic","factor":2.5}
            """);

    assertThat(first(config).rope()).isEqualTo(new Rope.Dynamic(10_000, 2.5, 1_000));
    assertThat(config.maxPosition()).isEqualTo(2_500);
    assertThat(config.withMaxPosition(1_200).maxPosition()).isEqualTo(1_200);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "phi3 | \"rope_scaling\":{\"type\":\"longrope\",\"short_factor\":[1],\"long_factor\":[1]}"
            + " | short_factor",
        "phi3 | \"rope_scaling\":{\"type\":\"longrope\",\"short_factor\":[1,1,1,1]} | long_factor",
        "phi3 | \"rope_scaling\":{\"type\":\"longrope\",\"short_factor\":[1,1,1,\"1\"]} | short_f",
        "phi3 | \"rope_scaling\":{\"type\":\"longrope\",\"short_factor\":[1,1,1,0]} | short_factor",
        "phi3 | \"partial_rotary_factor\":0.1 | partial_rotary_factor",
        "phi3 | \"partial_rotary_factor\":2 | partial_rotary_factor",
        "llama | \"rope_scaling\":{\"type\":\"dynamic\"} | rope_scaling.factor",
        "llama | \"head_dim\":2,\"rope_scaling\":{\"type\":\"dynamic\",\"factor\":2} | head_dim",
        "llama | \"rope_theta\":1,\"rope_scaling\":{\"type\":\"yarn\",\"factor\":2} | rope_theta",
        "llama | \"rope_scaling\":{\"type\":\"yarn\",\"factor\":2,"
            + "\"original_max_position_embeddings\":1} | original_max_position_embeddings",
        "smollm3 | \"no_rope_layers\":[1,1] | no_rope_layers",
        "smollm3 | \"no_rope_layers\":[1,1,1,2] | no_rope_layers",
        "gemma2 | \"attn_logit_softcapping\":0 | attn_logit_softcapping",
        "gemma2 | \"query_pre_attn_scalar\":-1 | query_pre_attn_scalar",
        "gemma3_text | \"sliding_window_pattern\":0 | sliding_window_pattern",
        "granite | \"logits_scaling\":0 | logits_scaling",
        "starcoder2 | \"norm_epsilon\":0 | norm_epsilon",
      })
  void namesFieldThatIsWrong(String family, String fields, String named) {
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> family(family, "," + fields))
        .withMessageContaining(named)
        .satisfies(e -> assertThat(e.code()).isEqualTo(ModelError.CHECKPOINT_INVALID));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "gemma2 | \"use_bidirectional_attention\":true | use_bidirectional_attention",
        "gemma2 | \"hidden_activation\":\"relu2\" | hidden_activation",
        "olmo2 | \"rope_parameters\":{\"partial_rotary_factor\":0.5} | partial_rotary_factor",
        "starcoder2 | \"hidden_act\":\"relu\" | silu, gelu, gelu_pytorch_tanh",
      })
  void saysWhatIsNotSupported(String family, String fields, String named) {
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> family(family, "," + fields))
        .withMessageContaining(named)
        .satisfies(e -> assertThat(e.code()).isEqualTo(ModelError.CHECKPOINT_UNSUPPORTED));
  }

  private static Layer first(DecoderConfig config) {
    return config.layers().getFirst();
  }

  private static List<@Nullable Integer> windows(DecoderConfig config) {
    return config.layers().stream().<@Nullable Integer>map(Layer::window).toList();
  }

  private static List<@Nullable Rope> ropes(DecoderConfig config) {
    return config.layers().stream().<@Nullable Rope>map(Layer::rope).toList();
  }

  private DecoderConfig family(String name, String extra) throws IOException {
    return read("{\"model_type\":\"" + name + "\"," + SIZES + extra + "}");
  }

  private DecoderConfig read(String json) throws IOException {
    Files.writeString(folder.resolve("config.json"), json);
    return DecoderConfig.read(folder);
  }
}
