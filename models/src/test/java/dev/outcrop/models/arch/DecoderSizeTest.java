package dev.outcrop.models.arch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * Beside the parameters that the authors of well-known models state, or that were added up here.
 */
final class DecoderSizeTest {
  private static final String LLAMA =
      """
      {"model_type": "llama", "hidden_size": %d, "intermediate_size": %d, "num_hidden_layers": %d,
       "num_attention_heads": %d, "num_key_value_heads": 8, "vocab_size": 128256}
      """;

  @Test
  void llamasHaveTheParametersOfTheirFiles() {
    DecoderSize small = size(LLAMA.formatted(4_096, 14_336, 32, 32));
    DecoderSize large = size(LLAMA.formatted(8_192, 28_672, 80, 64));

    assertThat(small.parameters()).isEqualTo(8_030_261_248L);
    assertThat(small.active()).isEqualTo(8_030_261_248L - 128_256L * 4_096);
    assertThat(large.parameters()).isEqualTo(70_553_706_496L);
  }

  @Test
  void tiedHeadsAreStoredOnceAndMultipliedAllTheSame() {
    // Qwen2.5 0.5B: biases on q, k and v
    DecoderSize size =
        size(
            """
            {"model_type": "qwen2", "hidden_size": 896, "intermediate_size": 4864,
             "num_hidden_layers": 24, "num_attention_heads": 14, "num_key_value_heads": 2,
             "vocab_size": 151936, "tie_word_embeddings": true}
            """);

    assertThat(size.parameters()).isEqualTo(494_032_768L);
    assertThat(size.active()).isEqualTo(494_032_768L);
  }

  @Test
  void expertsCountInFullButATokenPassesFew() {
    DecoderSize mixtral =
        size(
            """
            {"model_type": "mixtral", "hidden_size": 4096, "intermediate_size": 14336,
             "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
             "vocab_size": 32000, "num_local_experts": 8, "num_experts_per_tok": 2}
            """);
    DecoderSize qwen =
        size(
            """
            {"model_type": "qwen3_moe", "hidden_size": 2048, "intermediate_size": 6144,
             "moe_intermediate_size": 768, "num_hidden_layers": 48, "num_attention_heads": 32,
             "num_key_value_heads": 4, "head_dim": 128, "vocab_size": 151936,
             "num_experts": 128, "num_experts_per_tok": 8}
            """);

    assertThat(mixtral.parameters()).isEqualTo(46_702_792_704L);
    // 12.88 billion with the embedding, which is looked up and not multiplied
    assertThat(mixtral.active()).isEqualTo(12_879_925_248L - 32_000L * 4_096);
    assertThat(qwen.parameters()).isEqualTo(30_532_122_624L);
    assertThat(qwen.active() / 1e9).isCloseTo(3.3 - 0.31, within(0.1)); // "A3B"
  }

  @Test
  void expertsOfGptOssHaveBiasesAndSinks() {
    DecoderSize size =
        size(
            """
            {"model_type": "gpt_oss", "hidden_size": 2880, "intermediate_size": 2880,
             "num_hidden_layers": 24, "num_attention_heads": 64, "num_key_value_heads": 8,
             "head_dim": 64, "vocab_size": 201088, "num_local_experts": 32,
             "num_experts_per_tok": 4, "sliding_window": 128,
             "rope_scaling": {"rope_type": "yarn", "factor": 32.0,
               "original_max_position_embeddings": 4096, "beta_fast": 32.0, "beta_slow": 1.0}}
            """);

    assertThat(size.parameters()).isEqualTo(20_914_757_184L);
    assertThat(size.attention().seen(10_000)).isEqualTo(12 * 128 + 12 * 10_000);
  }

  @Test
  void deepSeekHasLatentsAndASharedExpert() {
    DecoderSize size =
        size(
            """
            {"model_type": "deepseek_v3", "hidden_size": 7168, "intermediate_size": 18432,
             "moe_intermediate_size": 2048, "num_hidden_layers": 61, "num_attention_heads": 128,
             "num_key_value_heads": 128, "q_lora_rank": 1536, "kv_lora_rank": 512,
             "qk_rope_head_dim": 64, "qk_nope_head_dim": 128, "v_head_dim": 128,
             "n_routed_experts": 256, "n_shared_experts": 1, "num_experts_per_tok": 8,
             "n_group": 8, "topk_group": 4, "first_k_dense_replace": 3, "vocab_size": 129280}
            """);

    // "671B total, 37B active"
    assertThat(size.parameters() / 1e9).isCloseTo(671.03, within(0.01));
    assertThat((size.active() + size.embedding()) / 1e9).isCloseTo(37.55, within(0.2));
  }

  @Test
  void fewTokensTouchFewExperts() {
    DecoderSize.Routed routed = new DecoderSize.Routed(10, 8, 2);

    assertThat(routed.touched(1)).isEqualTo(2, within(1e-9));
    assertThat(routed.touched(2)).isEqualTo(3.5, within(1e-9)); // 8 (1 - (3/4)^2)
    assertThat(routed.touched(1_000)).isEqualTo(8, within(1e-9));
  }

  @Test
  void windowsBoundWhatPromptsSee() {
    DecoderSize.Attending attending =
        new DecoderSize.Attending(1, 1, Map.of(Integer.MAX_VALUE, 1, 4, 1));

    assertThat(attending.seenByPrompt(10)).isEqualTo(50 + 8 + 6 * 4);
  }

  private static DecoderSize size(String json) {
    return DecoderSize.of(
        DecoderConfig.parse("config.json", json.getBytes(StandardCharsets.UTF_8)));
  }
}
