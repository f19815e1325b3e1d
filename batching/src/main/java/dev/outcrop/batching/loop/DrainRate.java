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

  /** When a queue of this many prompt tokens will have emptied: 1 s if unknown, 60 s at most. */
  Duration timeFor(long promptTokens) {
    double rate = tokensPerNano;
    if (rate <= 0) {
      return Duration.ofSeconds(MIN_SECONDS);
    }
    double seconds = Math.ceil(promptTokens / rate / 1e9);
    return Duration.ofSeconds((long) Math.clamp(seconds, MIN_SECONDS, MAX_SECONDS));
  }
}
