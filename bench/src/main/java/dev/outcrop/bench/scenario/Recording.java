package dev.outcrop.bench.scenario;

import java.time.Duration;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A request of a trace.
 *
 * @param seconds when it came, from the trace's first
 * @param inputTokens tokens of its prompt
 * @param outputTokens tokens of its answer
 * @param texts what it said, where that is replayed
 */
public record Recording(double seconds, int inputTokens, int outputTokens, @Nullable Texts texts) {
  /**
   * What a request said.
   *
   * @param system instructions, or null
   */
  public record Texts(@Nullable String system, List<Message> messages) {
    @Override
    public String toString() {
      return "Texts[%d messages]".formatted(messages.size());
    }
  }

  /** The same at another time. */
  Recording at(double otherSeconds) {
    return new Recording(otherSeconds, inputTokens, outputTokens, texts);
  }

  /** What arrives: the texts that were recorded, else made-up ones that are as long. */
  Session session(TextScale scale, RandomGenerator random) {
    if (texts != null) {
      return new Session(
          texts.system,
          List.of(),
          List.of(new Session.Turn(texts.messages, outputTokens)),
          Duration.ZERO);
    }
    String text = Words.unique(scale.wordsOfPrompt(inputTokens), random);
    return Session.of(null, List.of(), text, outputTokens);
  }
}
