package dev.outcrop.models.arch;

import java.util.Arrays;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The model families whose decoder the engine knows; the {@code model_type} of config.json. */
public enum Family {
  /** Llama 2 to 3.3. */
  LLAMA,
  /** Mistral 7B and its kin: Llama with a sliding window. */
  MISTRAL,
  /** Qwen2 and Qwen2.5: Llama with biases on q, k and v. */
  QWEN2,
  /** Qwen3 dense: Llama with norms on q and k. */
  QWEN3;

  /** As config.json spells it. */
  public String modelType() {
    return switch (this) {
      case LLAMA -> "llama";
      case MISTRAL -> "mistral";
      case QWEN2 -> "qwen2";
      case QWEN3 -> "qwen3";
    };
  }

  static @Nullable Family of(String modelType) {
    return Arrays.stream(values())
        .filter(family -> family.modelType().equals(modelType))
        .findFirst()
        .orElse(null);
  }

  static String supported() {
    return Arrays.stream(values()).map(Family::modelType).collect(Collectors.joining(", "));
  }
}
