package dev.outcrop.models.completion;

import java.util.Locale;
import java.util.Set;

/** How a model writes its tool calls. */
public enum ToolFormat {
  /** {@code <tool_call>} and JSON: Hermes, Qwen. */
  HERMES,
  /** A JSON object for an answer: Llama 3. */
  LLAMA_JSON,
  /** A Python list of calls: Llama 3.2 and 4. */
  LLAMA_PYTHONIC,
  /** {@code [TOOL_CALLS]}: Mistral. */
  MISTRAL,
  /** Channels and recipients: gpt-oss, whose reasoning is part of the format. */
  HARMONY,
  /** DeepSeek's own tokens: V3, R1, V3.1. */
  DEEPSEEK,
  /** It writes none that is known. */
  NONE;

  /** As configuration and reports spell it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  Machine machine(Parts out, Set<String> offered) {
    // A model that was offered nothing calls nothing; harmony has its other messages.
    if (offered.isEmpty() && this != HARMONY) {
      return new PlainMachine(out);
    }
    return switch (this) {
      case HERMES -> new HermesMachine(out, offered);
      case LLAMA_JSON -> new LlamaMachine(out, offered);
      case LLAMA_PYTHONIC -> new PythonicMachine(out, offered);
      case MISTRAL -> new MistralMachine(out, offered);
      case HARMONY -> new HarmonyMachine(out, offered);
      case DEEPSEEK -> new DeepSeekMachine(out, offered);
      case NONE -> new PlainMachine(out);
    };
  }
}
