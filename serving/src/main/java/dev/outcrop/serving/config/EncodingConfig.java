package dev.outcrop.serving.config;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What only encoders have.
 *
 * @param maxDelay how long a text may wait for others while the encoder is free
 * @param queryPrompt what comes in front of a query, or null for what the checkpoint says
 * @param documentPrompt what comes in front of a document, in the same way
 */
public record EncodingConfig(
    Duration maxDelay, @Nullable String queryPrompt, @Nullable String documentPrompt) {
  private static final Duration LONGEST_DELAY = Duration.ofSeconds(10);

  /** Nobody waits, and the checkpoint says what comes in front. */
  public static final EncodingConfig DEFAULT = new EncodingConfig(Duration.ZERO, null, null);

  /** Checks the values. */
  public EncodingConfig {
    Check.that(
        !maxDelay.isNegative() && maxDelay.compareTo(LONGEST_DELAY) <= 0,
        "max-delay must be between 0s and 10s");
  }
}
