package dev.outcrop.models.arch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.arch.Attention.QkNorm;
import dev.outcrop.models.arch.Experts.Shared;
import dev.outcrop.models.arch.Experts.Storage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Families with experts as their published checkpoints spell them. */
class ExpertFamiliesTest {
  private static final String SIZES =
      """
      "vocab_size":100,"hidden_size":64,"intermediate_size":96,"num_hidden_layers":4,
      "num_attention_heads":8,"num_key_value_heads":4
      """;

  @TempDir Path folder;

  @Test
  void readsMixtral() throws IOException {
    DecoderConfig config =
        read(
            """
            {"model_type":"mixtral","hidden_act":"silu","hidden_size":4096,
            "intermediate_size":14336,"max_position_embeddings":32768,"num_attention_heads":32,
            "num_experts_per_tok":2,"num_hidden_layers":32,"num_key_value_heads":8,
            "num_local_experts":8,"rms_norm_eps":1e-05,"rope_theta":1000000.0,
            "sliding_window":null,"tie_word_embeddings":false,"vocab_size":32000}
            """);

    assertThat(config.attention()).isEqualTo(Attention.plain(32, 8, 128));
    assertThat(config.layers())
        .hasSize(32)
        .containsOnly(
            new Layer(
                null,
                new Rope.Default(1_000_000),
                new Experts(
                    8, 2, 14336, Activation.SILU, true, null, false, null, null, Storage.MIXTRAL)));
  }

  @Test
  void readsQwen2WithExperts() throws IOException {
    DecoderConfig config =
        read(
            """
            {"model_type":"qwen2_moe","decoder_sparse_step":1,"hidden_act":"silu",
            "hidden_size":2048,"intermediate_size":5632,"max_position_embeddings":8192,
            "max_window_layers":21,"moe_intermediate_size":1408,"norm_topk_prob":false,
            "num_attention_heads":16,"num_experts":60,"num_experts_per_tok":4,
            "num_hidden_layers":24,"num_key_value_heads":16,"rms_norm_eps":1e-06,
            "rope_theta":1000000.0,"shared_expert_intermediate_size":5632,
            "sliding_window":32768,"use_sliding_window":false,"vocab_size":151936}
            """);

    assertThat(config.attention()).isEqualTo(Attention.plain(16, 16, 128).withBias(true, false));
    assertThat(mlps(config))
        .hasSize(24)
        .containsOnly(
            new Experts(
                60,
                4,
                1408,
                Activation.SILU,
                false,
                null,
                false,
                null,
                new Shared(5632, true),
                Storage.QWEN));
    assertThat(windows(config)).containsOnlyNulls();
  }

  @Test
  void slidesInEveryOtherLayerOfQwen2WithExpertsUpToALimit() throws IOException {
    assertThat(
            windows(
                read(
                    sizes(
                        "qwen2_moe",
                        ",\"use_sliding_window\":true,\"sliding_window\":9,\"max_window_layers\":2"))))
        .containsExactly(9, null, null, null);
  }

  @Test
  void readsQwen3WithExperts() throws IOException {
    DecoderConfig config =
        read(
            """
            {"model_type":"qwen3_moe","attention_bias":false,"decoder_sparse_step":1,
            "head_dim":128,"hidden_act":"silu","hidden_size":2048,"intermediate_size":6144,
            "max_position_embeddings":40960,"max_window_layers":48,"mlp_only_layers":[],
            "moe_intermediate_size":768,"norm_topk_prob":true,"num_attention_heads":32,
            "num_experts":128,"num_experts_per_tok":8,"num_hidden_layers":48,
            "num_key_value_heads":4,"rms_norm_eps":1e-06,"rope_scaling":null,
            "rope_theta":1000000.0,"sliding_window":null,"use_sliding_window":false,
            "vocab_size":151936}
            """);

    assertThat(config.attention()).isEqualTo(Attention.plain(32, 4, 128).withQkNorm(QkNorm.HEAD));
    assertThat(mlps(config))
        .hasSize(48)
        .containsOnly(
            new Experts(128, 8, 768, Activation.SILU, true, null, false, null, null, Storage.QWEN));
  }

  @Test
  void readsGptOss() throws IOException {
    DecoderConfig config =
        read(
            """
            {"model_type":"gpt_oss","attention_bias":true,"eos_token_id":200002,
            "experts_per_token":4,"head_dim":64,"hidden_act":"silu","hidden_size":2880,
            "initial_context_length":4096,"intermediate_size":2880,
            "layer_types":["sliding_attention","full_attention"],
            "max_position_embeddings":131072,"num_attention_heads":64,"num_experts_per_tok":4,
            "num_hidden_layers":2,"num_key_value_heads":8,"num_local_experts":32,
            "quantization_config":{"modules_to_not_convert":["lm_head"],"quant_method":"mxfp4"},
            "rms_norm_eps":1e-05,
            "rope_scaling":{"beta_fast":32.0,"beta_slow":1.0,"factor":32.0,
            "original_max_position_embeddings":4096,"rope_type":"yarn","truncate":false},
            "rope_theta":150000,"sliding_window":128,"swiglu_limit":7.0,
            "tie_word_embeddings":false,"vocab_size":201088}
            """);

    assertThat(config.attention())
        .isEqualTo(Attention.plain(64, 8, 64).withBias(true, true).withSinks(true));
    assertThat(windows(config)).containsExactly(128, null);
    assertThat(mlps(config))
        .containsOnly(
            new Experts(32, 4, 2880, Activation.SILU, true, 7.0, true, null, null, Storage.MXFP4));
    assertThat(config.layers().getFirst().rope()).isInstanceOf(Rope.Yarn.class);
  }

  @Test
  void readsDeepseek3() throws IOException {
    DecoderConfig config =
        read(
            """
            {"model_type":"deepseek_v3","attention_bias":false,"first_k_dense_replace":1,
            "hidden_act":"silu","hidden_size":7168,"intermediate_size":18432,"kv_lora_rank":512,
            "max_position_embeddings":163840,"moe_intermediate_size":2048,"n_group":8,
            "n_routed_experts":256,"n_shared_experts":1,"norm_topk_prob":true,
            "num_attention_heads":128,"num_experts_per_tok":8,"num_hidden_layers":3,
            "num_key_value_heads":128,"num_nextn_predict_layers":1,"q_lora_rank":1536,
            "qk_nope_head_dim":128,"qk_rope_head_dim":64,"rms_norm_eps":1e-06,
            "rope_scaling":{"beta_fast":32,"beta_slow":1,"factor":40,"mscale":1.0,
            "mscale_all_dim":1.0,"original_max_position_embeddings":4096,"type":"yarn"},
            "rope_theta":10000,"routed_scaling_factor":2.5,"scoring_func":"sigmoid",
            "tie_word_embeddings":false,"topk_group":4,"topk_method":"noaux_tc",
            "v_head_dim":128,"vocab_size":129280}
            """);

    double magnitude = 0.1 * Math.log(40) + 1;
    assertThat(config.attention())
        .isEqualTo(
            Attention.plain(128, 128, 192)
                .withRotaryDim(64)
                .withScores(magnitude * magnitude / Math.sqrt(192), null)
                .withLatent(new Attention.Latent(1536, 512, 128, true)));
    Experts experts =
        new Experts(
            256,
            8,
            2048,
            Activation.SILU,
            true,
            null,
            false,
            new Experts.Groups(8, 4, 2.5),
            new Shared(2048, false),
            Storage.DEEPSEEK);
    assertThat(mlps(config))
        .containsExactly(new Mlp.Gated(18432, Activation.SILU, false, false), experts, experts);
  }

  @Test
  void knowsWhichLayersHaveNoExperts() throws IOException {
    assertThat(mlps(read(sizes("qwen3_moe", ",\"decoder_sparse_step\":2"))))
        .extracting(Mlp::getClass)
        .containsExactly(Mlp.Gated.class, Experts.class, Mlp.Gated.class, Experts.class);
    assertThat(mlps(read(sizes("qwen3_moe", ",\"mlp_only_layers\":[0,3]"))))
        .extracting(Mlp::getClass)
        .containsExactly(Mlp.Gated.class, Experts.class, Experts.class, Mlp.Gated.class);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "mixtral   | ,\"num_local_experts\":2,\"num_experts_per_tok\":3    | num_experts_per_tok",
        "mixtral   | ,\"num_local_experts\":0                               | num_local_experts",
        "qwen3_moe | ,\"num_experts\":1.5                                   | num_experts",
        "qwen3_moe | ,\"mlp_only_layers\":[4]                               | mlp_only_layers",
        "qwen3_moe | ,\"decoder_sparse_step\":0                             | decoder_sparse_step",
        "qwen3_moe | ,\"moe_intermediate_size\":-1                          | moe_intermediate_size",
        "deepseek_v3 | ,\"n_group\":3                                      | n_group",
        "deepseek_v3 | ,\"n_routed_experts\":8,\"n_group\":4,\"topk_group\":1 | num_experts_per_tok",
        "deepseek_v3 | ,\"qk_rope_head_dim\":5                              | qk_rope_head_dim",
        "deepseek_v3 | ,\"v_head_dim\":193                                  | v_head_dim",
        "gpt_oss   | ,\"head_dim\":8                                        | rope_scaling",
      })
  void refusesWhatCannotBe(String family, String extra, String field) throws IOException {
    write(sizes(family, extra));
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> DecoderConfig.read(folder))
        .withMessageContainingAll("config.json", field)
        .satisfies(e -> assertThat(e.code()).isEqualTo(ModelError.CHECKPOINT_INVALID));
  }

  @Test
  void refusesOtherQuantisations() throws IOException {
    for (String family : List.of("mixtral", "gpt_oss")) {
      write(sizes(family, ",\"quantization_config\":{\"quant_method\":\"awq\"}"));
      assertThatExceptionOfType(OutcropException.class)
          .isThrownBy(() -> DecoderConfig.read(folder))
          .withMessageContainingAll("quantization_config", "awq", "mxfp4")
          .satisfies(e -> assertThat(e.code()).isEqualTo(ModelError.CHECKPOINT_UNSUPPORTED));
    }
  }

  private static List<Mlp> mlps(DecoderConfig config) {
    return config.layers().stream().map(Layer::mlp).toList();
  }

  private static List<@Nullable Integer> windows(DecoderConfig config) {
    return config.layers().stream().<@Nullable Integer>map(Layer::window).toList();
  }

  private static String sizes(String family, String extra) {
    return "{\"model_type\":\"" + family + "\"," + SIZES + extra + "}";
  }

  private DecoderConfig read(String json) throws IOException {
    write(json);
    return DecoderConfig.read(folder);
  }

  private void write(String json) throws IOException {
    Files.writeString(folder.resolve("config.json"), json);
  }
}
