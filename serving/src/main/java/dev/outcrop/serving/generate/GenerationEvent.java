package dev.outcrop.serving.generate;

import dev.outcrop.batching.Tier;
import dev.outcrop.models.OutcropException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a running generation brings, ended by one {@link Ended} or {@link Failed}. */
public sealed interface GenerationEvent {
  /**
   * More text.
   *
   * @param text never empty
   * @param completionTokens tokens generated so far
   * @param logprobs of the tokens since the last text, empty where not asked for
   */
  record Text(String text, int completionTokens, List<TokenLogprob> logprobs)
      implements GenerationEvent {
    /** Redacted: completions are never logged. */
    @Override
    public String toString() {
      return "Text[characters=%d]".formatted(text.length());
    }
  }

  /**
   * More of the model's reasoning, which comes before its answer.
   *
   * @param text never empty
   * @param completionTokens tokens generated so far
   */
  record Reasoning(String text, int completionTokens) implements GenerationEvent {
    /** Redacted: completions are never logged. */
    @Override
    public String toString() {
      return "Reasoning[characters=%d]".formatted(text.length());
    }
  }

  /**
   * A call of an offered tool begins. {@link ToolArguments} follow, then {@link ToolEnd} or {@link
   * ToolBroken}, before anything else.
   *
   * @param id 22 random characters of the URL-safe base64 alphabet
   * @param name the tool
   * @param source what the model wrote for it
   */
  record ToolStart(String id, String name, String source) implements GenerationEvent {
    /** Redacted: completions are never logged. */
    @Override
    public String toString() {
      return "ToolStart[id=%s]".formatted(id);
    }
  }

  /**
   * More of the arguments of the open call.
   *
   * @param json a fragment of a JSON object
   * @param source what the model wrote for it
   */
  record ToolArguments(String json, String source) implements GenerationEvent {
    /** Redacted: completions are never logged. */
    @Override
    public String toString() {
      return "ToolArguments[characters=%d]".formatted(json.length());
    }
  }

  /**
   * The open call is whole; its arguments are a valid object.
   *
   * @param completionTokens tokens generated so far
   */
  record ToolEnd(int completionTokens) implements GenerationEvent {}

  /**
   * The open call is none, or was cut off; what is left of it comes as text.
   *
   * @param completionTokens tokens generated so far
   */
  record ToolBroken(int completionTokens) implements GenerationEvent {}

  /**
   * The completion is whole.
   *
   * @param reason why it is over
   * @param stopString the stop string that was met, where that is the reason
   * @param usage the tokens
   * @param firstTokenNanos from the request's arrival to the first token
   * @param totalNanos from the request's arrival to the end
   * @param tier the tier that served it, where the request named one or got another than default
   */
  record Ended(
      Reason reason,
      @Nullable String stopString,
      Usage usage,
      long firstTokenNanos,
      long totalNanos,
      @Nullable Tier tier)
      implements GenerationEvent {
    /** Redacted: a stop string is the caller's text. */
    @Override
    public String toString() {
      return "Ended[reason=%s, usage=%s]".formatted(reason, usage);
    }
  }

  /** The completion broke off; what came before it is valid. */
  record Failed(OutcropException error) implements GenerationEvent {}

  /** Why a completion is over. */
  enum Reason {
    /** The model ended its turn. */
    END,
    /** The model called tools and ended its turn. */
    TOOL_CALLS,
    /** The model ended its turn with something that was meant as a tool call but is none. */
    MALFORMED_CALL,
    /** A stop string was met. */
    STOP_STRING,
    /** The token limit was reached. */
    LENGTH
  }

  /**
   * The tokens of a request.
   *
   * @param promptTokens tokens of the prompt
   * @param cachedPromptTokens of these, tokens whose KV was reused
   * @param writtenPromptTokens of these, tokens whose KV is now kept for others
   * @param completionTokens tokens generated
   */
  record Usage(
      int promptTokens, int cachedPromptTokens, int writtenPromptTokens, int completionTokens) {
    /** The same as it is told to those who did not ask what the cache had to do with it. */
    public Usage withoutCache() {
      return new Usage(promptTokens, 0, 0, completionTokens);
    }

    /** Tokens of the prompt that the cache had nothing to do with. */
    public int plainPromptTokens() {
      return promptTokens - cachedPromptTokens - writtenPromptTokens;
    }
  }

  /**
   * The log probability of a generated token.
   *
   * @param id its id
   * @param token its text
   * @param logprob its log probability
   * @param top the most likely alternatives
   */
  record TokenLogprob(int id, String token, double logprob, List<TokenLogprob> top) {
    /** Redacted: completions are never logged. */
    @Override
    public String toString() {
      return "TokenLogprob[top=%d]".formatted(top.size());
    }
  }
}
