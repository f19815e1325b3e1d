package dev.outcrop.batching;

/**
 * The limits of one batcher.
 *
 * @param maxRunning the most sequences in a step
 * @param maxStepTokens the most tokens in a step, prefill chunks and decodes together
 * @param maxWaiting the most requests queued, at least 1: every request passes through the queue
 * @param maxWaitingTokens the most prompt tokens queued; a longer prompt is never taken
 * @param defaultMaxTokens completion limit of a request that names none, clamped to what fits
 */
public record BatchingConfig(
    int maxRunning, int maxStepTokens, int maxWaiting, int maxWaitingTokens, int defaultMaxTokens) {
  /** What a CPU host does well with. */
  public static final BatchingConfig DEFAULT = new BatchingConfig(64, 512, 1_024, 1_048_576, 2_048);

  /** Checks the limits. */
  public BatchingConfig {
    require(maxRunning >= 1, "maxRunning must be at least 1");
    require(maxStepTokens >= maxRunning, "maxStepTokens must be at least maxRunning");
    require(maxWaiting >= 1, "maxWaiting must be at least 1");
    require(maxWaitingTokens >= 1, "maxWaitingTokens must be at least 1");
    require(defaultMaxTokens >= 1, "defaultMaxTokens must be at least 1");
  }

  private static void require(boolean ok, String message) {
    if (!ok) {
      throw new IllegalArgumentException(message);
    }
  }
}
