package dev.outcrop.serving.embed;

import dev.outcrop.batching.SubmitResult;
import java.time.Duration;
import java.util.List;

/** What came of the texts of one request. */
public sealed interface EncoderAnswer {
  /**
   * The vector of each text, in their order.
   *
   * @param tokens tokens of all texts, special ones included
   */
  record Vectors(List<float[]> values, int tokens) implements EncoderAnswer {
    /** Copies the list. */
    public Vectors {
      values = List.copyOf(values);
    }
  }

  /**
   * A text has more tokens than the model takes.
   *
   * @param text which one, from 0
   * @param tokens how many it has
   */
  record TooLong(int text, int tokens) implements EncoderAnswer {}

  /**
   * The texts were refused.
   *
   * @param reason why
   * @param message safe to show
   * @param retryAfter when it may be worth another try; zero where it never is
   */
  record Refused(SubmitResult.Reason reason, String message, Duration retryAfter)
      implements EncoderAnswer {}
}
