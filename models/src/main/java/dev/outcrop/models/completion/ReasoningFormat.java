package dev.outcrop.models.completion;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** How a model writes its reasoning, where that is not part of its {@link ToolFormat}. */
public enum ReasoningFormat {
  /** Between {@code <think>} and {@code </think>}: DeepSeek R1, Qwen3. */
  THINK,
  /** Between {@code [THINK]} and {@code [/THINK]}: Mistral. */
  MISTRAL_THINK,
  /** It writes none, or none that is known. */
  NONE;

  /** As configuration and reports spell it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** What stands around the reasoning. */
  record Tags(String open, String close) {}

  @Nullable Tags tags() {
    return switch (this) {
      case THINK -> new Tags("<think>", "</think>");
      case MISTRAL_THINK -> new Tags("[THINK]", "[/THINK]");
      case NONE -> null;
    };
  }
}
