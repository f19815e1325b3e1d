package dev.outcrop.serving.auth;

import dev.outcrop.serving.config.QuotaConfig;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * What one principal or tenant has taken of this replica's share of its quota. A share fills up
 * evenly, up to what a minute is worth. A request of several completions that the quota allows but
 * the share does not is let in where nothing else is, and what comes next waits the longer. Safe to
 * use from any thread.
 */
final class Meter {
  private static final double MINUTE = 60e9;
  private static final Duration SOON = Duration.ofSeconds(1);

  private final LongSupplier nanoTime;
  private QuotaConfig whole;
  private QuotaConfig quota;
  private double requests;
  private double tokens;
  private long reserved; // of tokens, not settled yet
  private long filledAt;
  private int in;

  Meter(QuotaConfig quota, LongSupplier nanoTime) {
    this(quota, 1, nanoTime);
  }

  Meter(QuotaConfig whole, int replicas, LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.whole = whole;
    this.quota = whole.sharedBy(replicas);
    this.requests = quota.requestsPerMinute();
    this.tokens = quota.tokensPerMinute();
    this.filledAt = nanoTime.getAsLong();
  }

  /**
   * Another quota, or share of it, from now on. What was taken of the quota stays taken. Of a share
   * the same part stays taken: who used all of a quota need not wait longer because more replicas
   * share it now. Reservations stay as they are, since as much is given back.
   */
  synchronized void change(QuotaConfig otherWhole, int replicas) {
    fill();
    QuotaConfig share = whole.sharedBy(replicas);
    QuotaConfig other = otherWhole.sharedBy(replicas);
    requests =
        changed(
            scaled(requests, 0, quota.requestsPerMinute(), share.requestsPerMinute()),
            share.requestsPerMinute(),
            other.requestsPerMinute());
    tokens =
        changed(
            scaled(tokens, reserved, quota.tokensPerMinute(), share.tokensPerMinute()),
            share.tokensPerMinute(),
            other.tokensPerMinute());
    whole = otherWhole;
    quota = other;
  }

  private static double scaled(double left, long reserved, int before, int after) {
    if (before == 0) {
      return 0;
    }
    double taken = before - left;
    double open = Math.min((double) reserved, taken);
    return after - open - (taken - open) * after / before;
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
    if (quota.concurrentRequests() > 0
        && in + count > quota.concurrentRequests()
        && (in > before || before + count > whole.concurrentRequests())) {
      return SOON;
    }
    if (quota.requestsPerMinute() > 0) {
      int all = before + count;
      int needed = all > whole.requestsPerMinute() ? all : Math.min(all, quota.requestsPerMinute());
      if (requests < needed - before) {
        return wait(needed - requests, quota.requestsPerMinute());
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
    return Math.min(most(whole.concurrentRequests()), most(whole.requestsPerMinute()));
  }

  private static int most(int limit) {
    return limit == 0 ? Integer.MAX_VALUE : limit;
  }

  /**
   * Takes tokens. More than a minute's worth need a full minute's, and those that come next wait
   * the longer. What is taken has to be {@linkplain #settle settled}.
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
    reserved += amount;
    return Duration.ZERO;
  }

  /** Gives back what was reserved and not used, or takes what was used beyond it. */
  synchronized void settle(long amount, long used) {
    fill();
    reserved -= amount;
    if (quota.tokensPerMinute() > 0) {
      tokens = Math.min(quota.tokensPerMinute(), tokens + amount - used);
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
