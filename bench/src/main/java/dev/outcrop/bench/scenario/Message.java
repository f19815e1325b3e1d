package dev.outcrop.bench.scenario;

/**
 * A message of a conversation.
 *
 * @param role {@code user} or {@code assistant}
 */
public record Message(String role, String text) {
  /** A user's. */
  public static Message user(String text) {
    return new Message("user", text);
  }

  /** A model's. */
  public static Message assistant(String text) {
    return new Message("assistant", text);
  }

  @Override
  public String toString() {
    return "Message[%s, %d characters]".formatted(role, text.length());
  }
}
