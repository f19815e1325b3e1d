package dev.outcrop.serving.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.models.text.ChatMessage;
import dev.outcrop.serving.config.LimitsConfig;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;
import java.util.ArrayList;
import java.util.List;

/** Reads the messages of a chat completion request. */
final class MessagesReader {
  private static final List<String> ROLES =
      List.of("system", "developer", "user", "assistant", "tool");

  private final Json json;
  private final LimitsConfig limits;

  MessagesReader(Json json, LimitsConfig limits) {
    this.json = json;
    this.limits = limits;
  }

  List<ChatMessage> read(Fields fields) {
    List<ChatMessage> chat = new ArrayList<>();
    for (Fields message : fields.objects("messages", limits.maxMessages())) {
      String role = message.choiceOrNull("role", ROLES);
      if (role == null) {
        throw message.bad("role", "is required");
      }
      chat.add(
          switch (role) {
            case "system", "developer" -> ChatMessage.of("system", content(message));
            case "assistant" -> assistant(message);
            case "tool" ->
                new ChatMessage(
                    "tool",
                    content(message),
                    null,
                    List.of(),
                    message.string("tool_call_id", 1, 256),
                    message.stringOrNull("name", 1, 64));
            default -> ChatMessage.of("user", content(message));
          });
    }
    if (chat.isEmpty()) {
      throw fields.bad("messages", "must hold at least 1 message");
    }
    return chat;
  }

  private ChatMessage assistant(Fields message) {
    List<ChatMessage.ToolCall> calls = new ArrayList<>();
    for (Fields call : message.objects("tool_calls", limits.maxTools())) {
      Fields function = call.object("function");
      String arguments = function.stringOrNull("arguments", 0, limits.maxTextLength());
      ObjectNode parsed =
          arguments == null || arguments.isBlank() ? Json.object() : json.tryObject(arguments);
      if (parsed == null) {
        throw function.bad("arguments", "must be a JSON object in a string");
      }
      calls.add(
          new ChatMessage.ToolCall(
              call.string("id", 1, 256), function.string("name", 1, 64), json.map(parsed)));
    }
    String content = message.has("content") || calls.isEmpty() ? content(message) : "";
    return new ChatMessage(
        "assistant",
        content,
        message.stringOrNull("reasoning_content", 0, limits.maxTextLength()),
        calls,
        null,
        null);
  }

  private String content(Fields message) {
    JsonNode content = message.raw("content");
    if (content == null || content.isTextual()) {
      return message.string("content", 0, limits.maxTextLength());
    }
    List<String> texts = new ArrayList<>();
    for (Fields part : message.objects("content", limits.maxContentBlocks())) {
      String type = part.string("type", 1, 64);
      switch (type) {
        case "text", "refusal" -> texts.add(part.string(type, 0, limits.maxTextLength()));
        default ->
            throw Fields.unsupported(
                part.path("type") + " must be text: this server takes no images, audio and files.");
      }
    }
    return String.join("\n", texts);
  }
}
