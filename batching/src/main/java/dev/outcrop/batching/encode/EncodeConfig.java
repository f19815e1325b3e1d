package dev.outcrop.batching.encode;

import java.time.Duration;
import java.util.List;

/**
 * The limits of one encoder's batcher.
 *
 * @param lengths lengths that texts are padded to, ascending; the last is the longest text
 * @param maxBatchTokens the most tokens of a batch, padding included; at least the longest text
 * @param maxBatchRows the most texts of a batch
 * @param maxDelay how long a text may wait for others while the encoder is free
 * @param maxWaiting the most texts queued
 * @param maxWaitingTokens the most tokens queued
 * @param tenantRequests the most texts that one tenant may have in
 */
public record EncodeConfig(
    List<Integer> lengths,
    int maxBatchTokens,
    int maxBatchRows,
    Duration maxDelay,
    int maxWaiting,
    long maxWaitingTokens,
    int tenantRequests) {
  /** Powers of two up to 512 tokens, so that less than half of a row is padding. */
  public static final EncodeConfig DEFAULT =
      new EncodeConfig(
          List.of(16, 32, 64, 128, 256, 512),
          16_384,
          64,
          Duration.ofMillis(5),
          4_096,
          1_048_576,
          4_096);

  /** Checks the limits. */
  public EncodeConfig {
    lengths = List.copyOf(lengths);
    require(!lengths.isEmpty(), "lengths must not be empty");
    int before = 0;
    for (int length : lengths) {
      require(length > before, "lengths must ascend from 1");
      before = length;
    }
    require(maxBatchTokens >= before, "maxBatchTokens must hold the last of lengths");
    require(maxBatchRows >= 1, "maxBatchRows must be at least 1");
    require(!maxDelay.isNegative(), "maxDelay must not be negative");
    require(maxWaiting >= 1, "maxWaiting must be at least 1");
    require(maxWaitingTokens >= before, "maxWaitingTokens must hold the last of lengths");
    require(tenantRequests >= 1, "tenantRequests must be at least 1");
  }

  private static void require(boolean ok, String message) {
    if (!ok) {
      throw new IllegalArgumentException(message);
    }
  }
}
