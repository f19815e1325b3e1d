package dev.outcrop.batching;

import java.time.Duration;

/** The answer to a submit: a value, known before any work was done. */
public sealed interface SubmitResult {
  /** The request is in; its tokens come through the stream. */
  record Accepted(TokenStream stream) implements SubmitResult {}

  /**
   * The request is not in.
   *
   * @param reason why
   * @param message safe to show to the client
   * @param retryAfter when it may be worth another try; zero where it never is
   */
  record Rejected(Reason reason, String message, Duration retryAfter) implements SubmitResult {}

  /** Why a request was refused. */
  enum Reason {
    /** Prompt and completion are longer than the model's context or than the whole KV arena. */
    NEVER_FITS,
    /** The completion that is asked for alone is longer than these. */
    COMPLETION_NEVER_FITS,
    /** The queue is full. */
    OVERLOADED,
    /** The tenant has as much queued as it may. */
    TENANT_QUOTA,
    /** The first token would come later than the client waits for it. */
    TOO_LATE,
    /** The server is on its way out. */
    DRAINING,
    /** The engine is dead. */
    UNAVAILABLE
  }
}
