package dev.outcrop.models.completion;

import java.util.Set;
import java.util.function.Predicate;

/**
 * How a model writes what is not plain text. Chosen when it is loaded; parsers are made for each
 * request, on its thread.
 */
public record CompletionFormat(ToolFormat tools, ReasoningFormat reasoning) {
  /** Plain text alone. */
  public static final CompletionFormat PLAIN =
      new CompletionFormat(ToolFormat.NONE, ReasoningFormat.NONE);

  /**
   * Chooses by what the chat template writes for earlier calls, which is what the model was trained
   * to write.
   *
   * @param modelType the family by its config.json name
   * @param template the source of the chat template for requests with tools
   */
  public static CompletionFormat of(String modelType, String template) {
    ToolFormat tools = tools(modelType, template);
    return new CompletionFormat(tools, reasoning(tools, template));
  }

  private static ToolFormat tools(String modelType, String template) {
    if (modelType.equals("gpt_oss") || template.contains("<|channel|>")) {
      return ToolFormat.HARMONY;
    }
    if (template.contains(DeepSeekMachine.CALLS)) {
      return ToolFormat.DEEPSEEK;
    }
    if (template.contains("[TOOL_CALLS]")) {
      return ToolFormat.MISTRAL;
    }
    // Qwen3-Coder puts tags of its own for each parameter inside; nothing here reads these.
    if (template.contains("<tool_call>") && !template.contains("<function=")) {
      return ToolFormat.HERMES;
    }
    if (template.contains(PythonicMachine.START)) {
      return ToolFormat.LLAMA_PYTHONIC;
    }
    boolean llama3 =
        template.contains("<|start_header_id|>")
            && template.contains("tools")
            && !template.contains("<function=");
    return llama3 ? ToolFormat.LLAMA_JSON : ToolFormat.NONE;
  }

  private static ReasoningFormat reasoning(ToolFormat tools, String template) {
    if (tools == ToolFormat.HARMONY) {
      return ReasoningFormat.NONE;
    }
    if (template.contains("[THINK]")) {
      return ReasoningFormat.MISTRAL_THINK;
    }
    return template.contains("</think>") || template.contains("<think>")
        ? ReasoningFormat.THINK
        : ReasoningFormat.NONE;
  }

  /** The same with other tool calls. */
  public CompletionFormat withTools(ToolFormat other) {
    return new CompletionFormat(other, reasoning);
  }

  /** The same with other reasoning. */
  public CompletionFormat withReasoning(ReasoningFormat other) {
    return new CompletionFormat(tools, other);
  }

  /** Whether a prompt ends inside the reasoning, which the completion then goes on with. */
  public boolean opensReasoning(String prompt) {
    ReasoningFormat.Tags tags = reasoning.tags();
    return tags != null && prompt.stripTrailing().endsWith(tags.open());
  }

  /**
   * A parser for one completion.
   *
   * @param offered the names of the tools that the request offers
   * @param reasoningIsOpen whether the prompt ends inside the reasoning
   * @param special whether a word is a special token of the model, which comes apart from the text;
   *     the same word in the text is then not meant
   */
  public CompletionParser parser(
      Set<String> offered, boolean reasoningIsOpen, Predicate<String> special) {
    Parts out = new Parts();
    Machine machine = tools.machine(out, Set.copyOf(offered));
    ReasoningFormat.Tags tags = reasoning.tags();
    return new CompletionParser(
        out,
        tags == null ? machine : new ThinkingMachine(out, tags, reasoningIsOpen, machine),
        special);
  }
}
