package dev.outcrop.models.arch;

import java.util.Arrays;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The families of encoders that the engine knows; the {@code model_type} of config.json. */
public enum EncoderFamily {
  /** BERT and what is built on it: MiniLM, BGE, E5, GTE. */
  BERT("bert"),
  /** Multilingual: BGE-M3, multilingual E5. Positions begin behind the padding token's id. */
  XLM_ROBERTA("xlm-roberta"),
  /** Rotary positions, local windows on most layers, gated MLPs. */
  MODERNBERT("modernbert");

  private final String modelType;

  EncoderFamily(String modelType) {
    this.modelType = modelType;
  }

  /** As config.json spells it. */
  public String modelType() {
    return modelType;
  }

  static @Nullable EncoderFamily of(String modelType) {
    return Arrays.stream(values())
        .filter(family -> family.modelType.equals(modelType))
        .findFirst()
        .orElse(null);
  }

  static String supported() {
    return Arrays.stream(values()).map(EncoderFamily::modelType).collect(Collectors.joining(", "));
  }
}
