package dev.outcrop.serving.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.generate.GenerationEvent;
import dev.outcrop.serving.json.Json;

/**
 * The tokens of an answer. Choices of one prompt count it once. Used by one thread.
 *
 * <p>Reasoning is counted as it comes: the tokens between the event before and the last of its
 * text.
 */
final class TokenUsage {
  private final int choicesPerPrompt;
  private final int[] seen;
  private int promptTokens;
  private int cachedTokens;
  private int completionTokens;
  private int reasoningTokens;

  /**
   * Counts for an answer.
   *
   * @param choices how many it has
   * @param choicesPerPrompt how many of them, one after another, are of the same prompt
   */
  TokenUsage(int choices, int choicesPerPrompt) {
    this.choicesPerPrompt = choicesPerPrompt;
    this.seen = new int[choices];
  }

  /** Counts an event of a choice. */
  void add(int choice, GenerationEvent event) {
    switch (event) {
      case GenerationEvent.Text(_, int tokens, _) -> seen[choice] = tokens;
      case GenerationEvent.ToolEnd(int tokens) -> seen[choice] = tokens;
      case GenerationEvent.ToolBroken(int tokens) -> seen[choice] = tokens;
      case GenerationEvent.Reasoning(_, int tokens) -> {
        reasoningTokens += tokens - seen[choice];
        seen[choice] = tokens;
      }
      case GenerationEvent.Ended end -> {
        completionTokens += end.usage().completionTokens();
        if (choice % choicesPerPrompt == 0) {
          promptTokens += end.usage().promptTokens();
          cachedTokens += end.usage().cachedPromptTokens();
        }
      }
      case GenerationEvent.ToolStart _,
          GenerationEvent.ToolArguments _,
          GenerationEvent.Failed _ -> {}
    }
  }

  /** As chat completions and completions have it. */
  ObjectNode forCompletions() {
    ObjectNode node =
        Json.object()
            .put("prompt_tokens", promptTokens)
            .put("completion_tokens", completionTokens)
            .put("total_tokens", promptTokens + completionTokens);
    node.putObject("prompt_tokens_details").put("cached_tokens", cachedTokens);
    if (reasoningTokens > 0) {
      node.putObject("completion_tokens_details").put("reasoning_tokens", reasoningTokens);
    }
    return node;
  }

  /** As responses have it. */
  ObjectNode forResponses() {
    ObjectNode node = Json.object().put("input_tokens", promptTokens);
    node.putObject("input_tokens_details").put("cached_tokens", cachedTokens);
    node.put("output_tokens", completionTokens);
    node.putObject("output_tokens_details").put("reasoning_tokens", reasoningTokens);
    return node.put("total_tokens", promptTokens + completionTokens);
  }
}
