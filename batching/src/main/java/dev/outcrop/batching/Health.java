package dev.outcrop.batching;

import java.time.Duration;

/**
 * Whether an engine loop lives. {@link Stuck} and {@link Stalled} end when the loop moves again;
 * {@link Dead} does not. What is said here is safe to show: counts, no token ids.
 */
public sealed interface Health {
  /** It makes progress, or has nothing to do. */
  record Live() implements Health {}

  /**
   * A step takes longer than it may.
   *
   * @param step the step
   * @param took how long it has run
   */
  record Stuck(Step step, Duration took) implements Health {}

  /**
   * There is work, but no step runs.
   *
   * @param took since when
   */
  record Stalled(Duration took) implements Health {}

  /**
   * It has ended; only a new process helps.
   *
   * @param reason the code of the error, or that it was closed
   */
  record Dead(String reason) implements Health {}

  /**
   * The plan of a step, in counts.
   *
   * @param number its number since the start
   * @param rows sequences in it
   * @param decodeRows of these, sequences that generate
   * @param prefillTokens prompt tokens of the others
   * @param kvSegments pieces of KV that it reads
   * @param expected how long it should take, zero where nothing like it ever ran
   * @param limit how long it may take
   */
  record Step(
      long number,
      int rows,
      int decodeRows,
      int prefillTokens,
      int kvSegments,
      Duration expected,
      Duration limit) {}
}
