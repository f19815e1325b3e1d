package dev.outcrop.serving.auth;

import dev.outcrop.serving.config.QuotaConfig;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * What one principal or tenant has taken of its quota. A quota fills up evenly, up to what a minute
 * is worth. Safe to use from any thread.
 */
final class Meter {
  private static final double MINUTE = 60e9;
  private static final Duration SOON = Duration.ofSeconds(1);

  private final LongSupplier nanoTime;
  private QuotaConfig quota;
  private double requests;
  private double tokens;
  private long filledAt;
  private int in;

  Meter(QuotaConfig quota, LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.quota = quota;
    this.requests = quota.requestsPerMinute();
    this.tokens = quota.tokensPerMinute();
    this.filledAt = nanoTime.getAsLong();
  }

  /** Another quota from now on; what was taken stays taken. */
  synchronized void change(QuotaConfig other) {
    fill();
    requests = changed(requests, quota.requestsPerMinute(), other.requestsPerMinute());
    tokens = changed(tokens, quota.tokensPerMinute(), other.tokensPerMinute());
    quota = other;
  }

  /** Without a limit nothing is counted. */
  private static double changed(double left, int before, int after) {
    return before == 0 || after == 0 ? after : left + after - before;
  }

  /**
   * More is in, a request or what it counts for beyond one, and has to {@link #leave}.
   *
   * @param before what the same request has taken, and takes again when it is tried again
   * @return zero, or when it may be worth another try; then nothing was taken
   */
  synchronized Duration enter(int count, int before) {
    fill();
    if (quota.concurrentRequests() > 0 && in + count > quota.concurrentRequests()) {
      return SOON;
    }
    if (quota.requestsPerMinute() > 0) {
      if (requests < count) {
        return wait(before + count - requests, quota.requestsPerMinute());
      }
      requests -= count;
    }
    in += count;
    return Duration.ZERO;
  }

  /** So much is out. */
  synchronized void leave(int count) {
    in -= count;
  }

  /** What was not let in elsewhere has not been in here. */
  synchronized void undo(int count) {
    in -= count;
    requests = Math.min(quota.requestsPerMinute(), requests + count);
  }

  /** The most that can ever be in at once. */
  synchronized int most() {
    return Math.min(most(quota.concurrentRequests()), most(quota.requestsPerMinute()));
  }

  private static int most(int limit) {
    return limit == 0 ? Integer.MAX_VALUE : limit;
  }

  /**
   * Takes tokens. More than a minute's worth need a full minute's, and those that come next wait
   * the longer.
   *
   * @return zero, or when it may be worth another try; then nothing was taken
   */
  synchronized Duration reserve(long amount) {
    fill();
    int most = quota.tokensPerMinute();
    if (most > 0) {
      double needed = Math.min(amount, most);
      if (tokens < needed) {
        return wait(needed - tokens, most);
      }
      tokens -= amount;
    }
    return Duration.ZERO;
  }

  /** Gives tokens back, or takes what went beyond the reservation where negative. */
  synchronized void refund(long amount) {
    fill();
    if (quota.tokensPerMinute() > 0) {
      tokens = Math.min(quota.tokensPerMinute(), tokens + amount);
    }
  }

  private void fill() {
    long now = nanoTime.getAsLong();
    double minutes = Math.max(0, now - filledAt) / MINUTE;
    filledAt = now;
    requests = Math.min(quota.requestsPerMinute(), requests + minutes * quota.requestsPerMinute());
    tokens = Math.min(quota.tokensPerMinute(), tokens + minutes * quota.tokensPerMinute());
  }

  private static Duration wait(double missing, int perMinute) {
    return Duration.ofNanos((long) Math.ceil(missing / perMinute * MINUTE));
  }
}
