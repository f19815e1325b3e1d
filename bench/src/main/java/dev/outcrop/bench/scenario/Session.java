package dev.outcrop.bench.scenario;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What arrives: one request, or a conversation of several, each of which waits for the answer to
 * the one before.
 *
 * @param think time from an answer to the next turn
 */
public record Session(@Nullable String system, List<Tool> tools, List<Turn> turns, Duration think) {
  /**
   * One request.
   *
   * @param said the messages that are new, the last of them a user's
   * @param outputTokens tokens that the answer should have
   */
  public record Turn(List<Message> said, int outputTokens) {}

  /** A conversation of one turn. */
  static Session of(@Nullable String system, List<Tool> tools, String text, int outputTokens) {
    return new Session(
        system, tools, List.of(new Turn(List.of(Message.user(text)), outputTokens)), Duration.ZERO);
  }

  @Override
  public String toString() {
    return "Session[%d turns]".formatted(turns.size());
  }
}
