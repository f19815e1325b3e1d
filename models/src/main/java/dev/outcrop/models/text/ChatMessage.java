package dev.outcrop.models.text;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One turn of a conversation as chat templates know it.
 *
 * @param role {@code system}, {@code user}, {@code assistant} or {@code tool}
 * @param content the turn's text; user content, never trusted to hold control tokens
 * @param reasoning the assistant's earlier reasoning, where the model family has such
 * @param toolCalls the assistant's tool calls
 * @param toolCallId the call that a {@code tool} turn answers
 * @param name the tool that a {@code tool} turn comes from
 */
public record ChatMessage(
    String role,
    String content,
    @Nullable String reasoning,
    List<ToolCall> toolCalls,
    @Nullable String toolCallId,
    @Nullable String name) {

  /** Copies the list. */
  public ChatMessage {
    toolCalls = List.copyOf(toolCalls);
  }

  /** A turn that is text alone. */
  public static ChatMessage of(String role, String content) {
    return new ChatMessage(role, content, null, List.of(), null, null);
  }

  /** Redacted: content is user text. */
  @Override
  public String toString() {
    return "ChatMessage[role=%s, characters=%d, toolCalls=%d]"
        .formatted(role, content.length(), toolCalls.size());
  }

  /**
   * A call of a tool.
   *
   * @param id the call's id
   * @param name the tool's name
   * @param arguments a JSON object as maps, lists, strings, numbers, booleans and nulls
   */
  public record ToolCall(String id, String name, Map<String, @Nullable Object> arguments) {
    /** Redacted: arguments are generated text. */
    @Override
    public String toString() {
      return "ToolCall[id=%s]".formatted(id);
    }
  }
}
