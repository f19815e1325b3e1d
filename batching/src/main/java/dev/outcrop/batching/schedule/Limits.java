package dev.outcrop.batching.schedule;

/**
 * What a scheduler may do.
 *
 * @param maxRunning the most sequences with KV while one tenant has them all
 * @param guests rows beyond these, each for a tenant that has none running: a tenant that comes
 *     into a full house need not wait for somebody to leave
 * @param maxStepTokens the most tokens of a step, at least maxRunning + guests
 * @param targetNanos the time between two tokens to keep while prompts run: 0 for as little as
 *     keeps prompts going, Long.MAX_VALUE for steps as large as they may be
 * @param flexFloor the share of tokens that the flex tier gets while it waits
 * @param cacheShare the share of the arena that one tenant may keep for reuse
 * @param draftTokens the most tokens that a sequence drafts in a step, 0 for none
 */
public record Limits(
    int maxRunning,
    int guests,
    int maxStepTokens,
    long targetNanos,
    double flexFloor,
    double cacheShare,
    int draftTokens) {
  /** Checks the fields. */
  public Limits {
    if (maxRunning < 1 || guests < 0 || maxStepTokens < maxRunning + guests || targetNanos < 0) {
      throw new IllegalArgumentException(
          "need maxRunning >= 1, guests >= 0 and maxStepTokens >= both");
    }
    if (!(flexFloor >= 0 && flexFloor <= 1 && cacheShare >= 0 && cacheShare <= 1)) {
      throw new IllegalArgumentException("shares lie between 0 and 1");
    }
    if (draftTokens < 0) {
      throw new IllegalArgumentException("draftTokens must not be negative");
    }
  }

  /** Limits without drafts. */
  public Limits(
      int maxRunning,
      int guests,
      int maxStepTokens,
      long targetNanos,
      double flexFloor,
      double cacheShare) {
    this(maxRunning, guests, maxStepTokens, targetNanos, flexFloor, cacheShare, 0);
  }

  /** The same, with drafts. */
  public Limits drafting(int tokens) {
    return new Limits(
        maxRunning, guests, maxStepTokens, targetNanos, flexFloor, cacheShare, tokens);
  }

  /** Limits of the sizes of a step alone: no guests, no time to keep, the whole cache for all. */
  public static Limits of(int maxRunning, int maxStepTokens) {
    return new Limits(maxRunning, 0, maxStepTokens, Long.MAX_VALUE, 0.02, 1);
  }

  int rows() {
    return maxRunning + guests;
  }
}
