package dev.outcrop.serving.generate;

import dev.outcrop.batching.SubmitResult;
import java.time.Duration;

/** The answer to the start of a generation. */
public sealed interface Outcome {
  /** It runs; whoever got it closes it. */
  record Running(RunningGeneration generation) implements Outcome {}

  /**
   * It was refused before any work was done.
   *
   * @param reason why
   * @param message safe to show
   * @param retryAfter when it may be worth another try; zero where it never is
   */
  record Refused(SubmitResult.Reason reason, String message, Duration retryAfter)
      implements Outcome {}
}
