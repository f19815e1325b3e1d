package dev.outcrop.batching;

import dev.outcrop.models.OutcropException;

/** What a stream brings. */
public sealed interface TokenEvent {
  /**
   * A token.
   *
   * @param id its id
   * @param logprob its log probability, NaN where not asked for
   * @param topTokens the most likely alternatives, empty where not asked for
   * @param topLogprobs their log probabilities
   * @param nanos when the step that made it ended, by the clock of {@link StreamTimes}
   */
  record Token(int id, float logprob, int[] topTokens, float[] topLogprobs, long nanos)
      implements TokenEvent {}

  /**
   * The generation is over.
   *
   * @param reason why
   * @param promptTokens tokens of the prompt
   * @param cachedPromptTokens of these, tokens whose KV was reused
   * @param completionTokens tokens generated, a stop token included
   */
  record Finished(
      FinishReason reason, int promptTokens, int cachedPromptTokens, int completionTokens)
      implements TokenEvent {}

  /** The generation ended with an error; what came before it is valid. */
  record Failed(OutcropException error) implements TokenEvent {}

  /** Why a generation is over. */
  enum FinishReason {
    /** A stop token was generated. */
    STOP,
    /** The token limit was reached. */
    LENGTH,
    /** The stream was closed by its reader. */
    CANCELLED
  }
}
