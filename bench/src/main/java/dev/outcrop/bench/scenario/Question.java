package dev.outcrop.bench.scenario;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one request asks.
 *
 * @param system instructions, or null
 * @param maxTokens most tokens of the answer
 * @param ignoreEos whether the answer goes on to that many
 */
public record Question(
    @Nullable String system,
    List<Tool> tools,
    List<Message> messages,
    int maxTokens,
    double temperature,
    boolean ignoreEos) {

  @Override
  public String toString() {
    return "Question[%d messages, at most %d tokens]".formatted(messages.size(), maxTokens);
  }
}
