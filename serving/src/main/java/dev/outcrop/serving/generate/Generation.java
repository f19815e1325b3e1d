package dev.outcrop.serving.generate;

import dev.outcrop.batching.Tier;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.text.ChatMessage;
import dev.outcrop.models.text.ToolDefinition;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is asked of a model, checked, in no API's words.
 *
 * @param input what to go on from
 * @param maxTokens the most tokens to generate, or {@link
 *     dev.outcrop.batching.GenerateRequest#AS_MANY_AS_FIT}
 * @param orFewer whether fewer do where so many do not fit; if not, it is refused then
 * @param sampling how to choose tokens
 * @param stopStrings texts that end the completion; they are not part of it
 * @param tier the tier that it asks for, or null
 * @param constraint what the answer has to look like, or null
 * @param oneCall whether the turn is over when it has called a tool
 */
public record Generation(
    Input input,
    int maxTokens,
    boolean orFewer,
    Sampling sampling,
    List<String> stopStrings,
    @Nullable Tier tier,
    @Nullable Constraint constraint,
    boolean oneCall) {
  /** Copies the list. */
  public Generation {
    stopStrings = List.copyOf(stopStrings);
  }

  /** A generation that may call as many tools as it likes. */
  public Generation(
      Input input,
      int maxTokens,
      boolean orFewer,
      Sampling sampling,
      List<String> stopStrings,
      @Nullable Tier tier,
      @Nullable Constraint constraint) {
    this(input, maxTokens, orFewer, sampling, stopStrings, tier, constraint, false);
  }

  /** A generation whose answer may look like anything. */
  public Generation(
      Input input,
      int maxTokens,
      boolean orFewer,
      Sampling sampling,
      List<String> stopStrings,
      @Nullable Tier tier) {
    this(input, maxTokens, orFewer, sampling, stopStrings, tier, null);
  }

  /** A generation that is refused where so many tokens do not fit. */
  public Generation(
      Input input,
      int maxTokens,
      Sampling sampling,
      List<String> stopStrings,
      @Nullable Tier tier,
      @Nullable Constraint constraint) {
    this(input, maxTokens, false, sampling, stopStrings, tier, constraint);
  }

  /** The same whose answer may look like anything. */
  public Generation(
      Input input,
      int maxTokens,
      Sampling sampling,
      List<String> stopStrings,
      @Nullable Tier tier) {
    this(input, maxTokens, sampling, stopStrings, tier, null);
  }

  /** The same that asks for no tier. */
  public Generation(Input input, int maxTokens, Sampling sampling, List<String> stopStrings) {
    this(input, maxTokens, sampling, stopStrings, null);
  }

  /** The same with other draws. */
  public Generation withSeed(long seed) {
    Sampling same = sampling;
    return new Generation(
        input,
        maxTokens,
        orFewer,
        new Sampling(
            same.temperature(),
            same.topK(),
            same.topP(),
            same.minP(),
            same.repetitionPenalty(),
            same.presencePenalty(),
            same.frequencyPenalty(),
            seed,
            same.logprobs()),
        stopStrings,
        tier,
        constraint,
        oneCall);
  }

  /** The same, whose turn may be over when it has called a tool. */
  public Generation withOneCall(boolean one) {
    return new Generation(input, maxTokens, orFewer, sampling, stopStrings, tier, constraint, one);
  }

  /** Redacted: prompts are never logged. */
  @Override
  public String toString() {
    return "Generation[maxTokens=%d]".formatted(maxTokens);
  }

  /** What to go on from. */
  public sealed interface Input {
    /** Characters that the prompt is sure to hold, whatever the template adds or leaves out. */
    long characters();
  }

  /**
   * A conversation.
   *
   * @param messages its turns
   * @param tools the tools that may be called
   * @param variables what the template may read besides
   */
  public record Chat(
      List<ChatMessage> messages,
      List<ToolDefinition> tools,
      Map<String, @Nullable Object> variables)
      implements Input {
    @Override
    public long characters() {
      return messages.stream().mapToLong(message -> message.content().length()).sum();
    }

    /** Redacted: prompts are never logged. */
    @Override
    public String toString() {
      return "Chat[messages=%d, tools=%d]".formatted(messages.size(), tools.size());
    }
  }

  /** A prompt with all its control tokens, written by the caller. */
  public record Text(String prompt) implements Input {
    @Override
    public long characters() {
      return prompt.length();
    }

    /** Redacted: prompts are never logged. */
    @Override
    public String toString() {
      return "Text[characters=%d]".formatted(prompt.length());
    }
  }

  /** A prompt that its caller wrote in the model's own tokens. */
  public record Tokens(int[] ids) implements Input {
    /** None that is sure: they are counted as tokens, when the request is submitted. */
    @Override
    public long characters() {
      return 0;
    }

    /** Redacted: prompts are never logged. */
    @Override
    public String toString() {
      return "Tokens[count=%d]".formatted(ids.length);
    }
  }
}
