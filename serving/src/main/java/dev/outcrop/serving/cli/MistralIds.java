package dev.outcrop.serving.cli;

import dev.outcrop.models.text.ChatMessage;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Ids of tool calls as Mistral's templates demand them: nine letters or digits. Clients send back
 * the ids they got, which are longer; what matters is that a call and its result have the same.
 */
final class MistralIds {
  private static final Pattern FITS = Pattern.compile("[a-zA-Z0-9]{9}");
  private static final String ALPHABET =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

  private MistralIds() {}

  /** The messages with ids that fit. */
  static List<ChatMessage> in(List<ChatMessage> messages) {
    return messages.stream().map(MistralIds::in).toList();
  }

  private static ChatMessage in(ChatMessage message) {
    String answered = message.toolCallId();
    if (answered == null && message.toolCalls().isEmpty()) {
      return message;
    }
    return new ChatMessage(
        message.role(),
        message.content(),
        message.reasoning(),
        message.toolCalls().stream()
            .map(call -> new ChatMessage.ToolCall(fit(call.id()), call.name(), call.arguments()))
            .toList(),
        answered == null ? null : fit(answered),
        message.name());
  }

  /** The id itself where it fits, else one made of it: always the same, so prefixes are reused. */
  static String fit(String id) {
    if (FITS.matcher(id).matches()) {
      return id;
    }
    byte[] digest = digest(id);
    StringBuilder made = new StringBuilder();
    for (int i = 0; i < 9; i++) {
      made.append(ALPHABET.charAt(Byte.toUnsignedInt(digest[i]) % ALPHABET.length()));
    }
    return made.toString();
  }

  private static byte[] digest(String id) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(id.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
