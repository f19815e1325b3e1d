package dev.outcrop.batching.loop;

import java.time.Duration;

/**
 * How fast the queue empties: prompt tokens run per second, averaged over about the last ten
 * seconds in which anything was queued. Written by the engine thread, read by all.
 */
final class DrainRate {
  private static final double WINDOW_NANOS = 10e9;
  private static final long MIN_SECONDS = 1;
  private static final long MAX_SECONDS = 60;

  private volatile double tokensPerNano;

  /** A step ran while requests were queued. */
  void step(long promptTokens, long nanos) {
    if (nanos <= 0) {
      return;
    }
    double now = (double) promptTokens / nanos;
    double before = tokensPerNano;
    double share = before == 0 ? 1 : 1 - Math.exp(-nanos / WINDOW_NANOS);
    tokensPerNano = before + share * (now - before);
  }

  /** When so many queued prompt tokens will have run; zero where no rate is known yet. */
  Duration waitFor(long promptTokens) {
    double rate = tokensPerNano;
    return rate <= 0
        ? Duration.ZERO
        : Duration.ofNanos((long) Math.min(promptTokens / rate, Long.MAX_VALUE / 2.0));
  }

  /** When to come back for so many queued prompt tokens to have run. */
  Duration timeFor(long promptTokens) {
    return retryAfter(waitFor(promptTokens));
  }

  /** A wait in whole seconds, as the HTTP header has it: from 1 to 60. */
  static Duration retryAfter(Duration wait) {
    double seconds = Math.ceil(wait.toNanos() / 1e9);
    return Duration.ofSeconds((long) Math.clamp(seconds, MIN_SECONDS, MAX_SECONDS));
  }
}
