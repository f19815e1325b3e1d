package dev.outcrop.serving.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.models.text.ChatMessage;
import dev.outcrop.serving.config.LimitsConfig;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the input of a response: a text, or items. What the model did in one turn comes as several
 * items (reasoning, a message, calls) and becomes one message again. Used by one thread, once.
 */
final class InputReader {
  private static final List<String> ROLES = List.of("system", "developer", "user", "assistant");

  private final Json json;
  private final LimitsConfig limits;
  private final List<ChatMessage> chat = new ArrayList<>();
  private final StringBuilder text = new StringBuilder();
  private final List<ChatMessage.ToolCall> calls = new ArrayList<>();
  private @Nullable String reasoning;
  private boolean turnOpen;

  InputReader(Json json, LimitsConfig limits) {
    this.json = json;
    this.limits = limits;
  }

  List<ChatMessage> read(Fields fields) {
    String instructions = fields.stringOrNull("instructions", 0, limits.maxTextLength());
    if (instructions != null) {
      chat.add(ChatMessage.of("system", instructions));
    }
    JsonNode input = fields.raw("input");
    if (input == null) {
      throw fields.bad("input", "is required");
    }
    if (input.isTextual()) {
      chat.add(ChatMessage.of("user", fields.string("input", 0, limits.maxTextLength())));
      return chat;
    }
    List<Fields> items = fields.objects("input", limits.maxMessages());
    if (items.isEmpty()) {
      throw fields.bad("input", "must hold at least 1 item");
    }
    items.forEach(this::item);
    endTurn();
    return chat;
  }

  private void item(Fields item) {
    String type = item.stringOrNull("type", 1, 64);
    switch (type == null ? "message" : type) {
      case "message" -> message(item);
      case "reasoning" -> reasoning(item);
      case "function_call" -> call(item);
      case "function_call_output" -> {
        endTurn();
        chat.add(
            new ChatMessage(
                "tool",
                content(item, "output"),
                null,
                List.of(),
                item.string("call_id", 1, 256),
                null));
      }
      case "item_reference" ->
          throw Fields.unsupported(
              item.path("type")
                  + " must not be item_reference: this server stores nothing, so send the item"
                  + " itself.");
      default ->
          throw Fields.unsupported(
              item.path("type")
                  + " must be message, reasoning, function_call or function_call_output on this"
                  + " server.");
    }
  }

  private void message(Fields item) {
    String role = item.choiceOrNull("role", ROLES);
    if (role == null) {
      throw item.bad("role", "is required");
    }
    if (!role.equals("assistant")) {
      endTurn();
      chat.add(ChatMessage.of(role.equals("user") ? "user" : "system", content(item, "content")));
      return;
    }
    if (!calls.isEmpty()) {
      endTurn();
    }
    turnOpen = true;
    text.append(text.isEmpty() ? "" : "\n").append(content(item, "content"));
  }

  private void reasoning(Fields item) {
    endTurn();
    turnOpen = true;
    List<String> thoughts = new ArrayList<>();
    for (Fields part : item.objects("content", limits.maxContentBlocks())) {
      thoughts.add(part.string("text", 0, limits.maxTextLength()));
    }
    reasoning = thoughts.isEmpty() ? null : String.join("\n", thoughts);
  }

  private void call(Fields item) {
    String arguments = item.stringOrNull("arguments", 0, limits.maxTextLength());
    ObjectNode parsed =
        arguments == null || arguments.isBlank() ? Json.object() : json.tryObject(arguments);
    if (parsed == null) {
      throw item.bad("arguments", "must be a JSON object in a string");
    }
    turnOpen = true;
    calls.add(
        new ChatMessage.ToolCall(
            item.string("call_id", 1, 256), item.string("name", 1, 64), json.map(parsed)));
  }

  private void endTurn() {
    if (turnOpen) {
      chat.add(new ChatMessage("assistant", text.toString(), reasoning, calls, null, null));
      text.setLength(0);
      calls.clear();
      reasoning = null;
      turnOpen = false;
    }
  }

  private String content(Fields item, String name) {
    JsonNode content = item.raw(name);
    if (content == null || content.isTextual()) {
      return item.string(name, 0, limits.maxTextLength());
    }
    List<String> texts = new ArrayList<>();
    for (Fields part : item.objects(name, limits.maxContentBlocks())) {
      String type = part.string("type", 1, 64);
      switch (type) {
        case "input_text", "output_text", "text" ->
            texts.add(part.string("text", 0, limits.maxTextLength()));
        case "refusal" -> texts.add(part.string("refusal", 0, limits.maxTextLength()));
        default ->
            throw Fields.unsupported(
                part.path("type")
                    + " must be input_text or output_text: this server takes no images, audio and"
                    + " files.");
      }
    }
    return String.join("\n", texts);
  }
}
