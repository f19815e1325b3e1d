package dev.outcrop.batching.encode;

import dev.outcrop.batching.SubmitResult.Reason;
import java.time.Duration;

/** The answer to a submit: a value, known before any work was done. */
public sealed interface EncodeSubmit {
  /** The text is in; its vector comes through the ticket. */
  record Accepted(EncodeTicket ticket) implements EncodeSubmit {}

  /**
   * The text is not in.
   *
   * @param reason why
   * @param message safe to show to the client
   * @param retryAfter when it may be worth another try; zero where it never is
   */
  record Refused(Reason reason, String message, Duration retryAfter) implements EncodeSubmit {}
}
