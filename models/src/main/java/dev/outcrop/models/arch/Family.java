package dev.outcrop.models.arch;

import java.util.Arrays;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The model families whose decoder the engine knows; the {@code model_type} of config.json. */
public enum Family {
  /** Llama 2 to 3.3. */
  LLAMA("llama"),
  /** Mistral 7B and its kin: Llama with a sliding window. */
  MISTRAL("mistral"),
  /** Qwen2 and Qwen2.5: Llama with biases on q, k and v. */
  QWEN2("qwen2"),
  /** Qwen3 dense: Llama with norms on q and k. */
  QWEN3("qwen3"),
  /** Gemma 2: soft caps, norms around attention and MLP, a window in every other layer. */
  GEMMA2("gemma2"),
  /** Gemma 3, text only: norms on q and k, rope of its own in the layers with a window. */
  GEMMA3_TEXT("gemma3_text"),
  /** Phi-3, Phi-3.5 and Phi-4: fused projections, partial rotation, long rope. */
  PHI3("phi3"),
  /** OLMo 2: norms after attention and MLP, and over all of q and k. */
  OLMO2("olmo2"),
  /** Granite 3 dense: Llama with multipliers. */
  GRANITE("granite"),
  /** SmolLM3: Llama with layers that have no rope. */
  SMOLLM3("smollm3"),
  /** StarCoder2: layer norms, biases, an MLP without gate. */
  STARCODER2("starcoder2"),
  /** Mixtral: Mistral with experts. */
  MIXTRAL("mixtral"),
  /** Qwen1.5-MoE and Qwen2 with experts, one of them shared. */
  QWEN2_MOE("qwen2_moe"),
  /** Qwen3 with experts. */
  QWEN3_MOE("qwen3_moe"),
  /** GPT-OSS: experts in four bits, attention sinks, a window in every other layer. */
  GPT_OSS("gpt_oss"),
  /** DeepSeek V3, R1 and Moonlight: latent attention, experts in groups. */
  DEEPSEEK_V3("deepseek_v3");

  private final String modelType;

  Family(String modelType) {
    this.modelType = modelType;
  }

  /** As config.json spells it. */
  public String modelType() {
    return modelType;
  }

  static @Nullable Family of(String modelType) {
    return Arrays.stream(values())
        .filter(family -> family.modelType.equals(modelType))
        .findFirst()
        .orElse(null);
  }

  static String supported() {
    return Arrays.stream(values()).map(Family::modelType).collect(Collectors.joining(", "));
  }
}
