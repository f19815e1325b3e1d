package dev.outcrop.serving.config;

import dev.outcrop.models.text.StopStrings;

/**
 * What a request may hold at most.
 *
 * @param maxMessages messages of a conversation
 * @param maxContentBlocks content blocks of a message, or of the system prompt
 * @param maxTools tools
 * @param maxStopSequences stop sequences
 * @param maxStopSequenceLength characters of a stop sequence
 * @param maxTextLength characters of a text, and of any string in a body
 */
public record LimitsConfig(
    int maxMessages,
    int maxContentBlocks,
    int maxTools,
    int maxStopSequences,
    int maxStopSequenceLength,
    int maxTextLength) {
  /** What the model of the API allows, and where it has no bound, what nobody sane exceeds. */
  public static final LimitsConfig DEFAULT =
      new LimitsConfig(4_096, 1_024, 256, 2_500, 1_024, 25_000_000);

  /** Checks the limits. */
  public LimitsConfig {
    Check.range("max-messages", maxMessages, 1, 1_000_000);
    Check.range("max-content-blocks", maxContentBlocks, 1, 1_000_000);
    Check.range("max-tools", maxTools, 1, 100_000);
    Check.range("max-stop-sequences", maxStopSequences, 1, StopStrings.MAX_STRINGS);
    Check.range("max-stop-sequence-length", maxStopSequenceLength, 1, 65_536);
    Check.range("max-text-length", maxTextLength, 1, 1_000_000_000);
  }
}
