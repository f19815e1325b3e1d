package dev.outcrop.serving.embed;

import dev.outcrop.batching.SubmitResult;
import java.time.Duration;

/** What came of a text. */
public sealed interface Embedding {
  /**
   * Its vector, as the model's files say, scaled or not.
   *
   * @param tokens tokens of the text, special ones included
   */
  record Vector(float[] values, int tokens) implements Embedding {}

  /**
   * It has more tokens than the model takes.
   *
   * @param tokens how many
   */
  record TooLong(int tokens) implements Embedding {}

  /**
   * It was refused before any work was done.
   *
   * @param reason why
   * @param message safe to show
   * @param retryAfter when it may be worth another try; zero where it never is
   */
  record Refused(SubmitResult.Reason reason, String message, Duration retryAfter)
      implements Embedding {}
}
