package dev.outcrop.serving.anthropic;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outcrop.models.text.ChatMessage;
import dev.outcrop.serving.config.LimitsConfig;
import dev.outcrop.serving.generate.RequestFields;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Reads system and messages of a Messages request and holds them to the rules of that API: the user
 * begins, the assistant does not end, turns of one role in a row are one turn, every tool use is
 * answered in the next turn. Used for one request.
 */
final class MessagesReader {
  private static final Pattern TOOL_USE_ID = Pattern.compile("[a-zA-Z0-9_-]{1,256}");
  private static final int MAX_NAME = 128;
  private static final String USER = "user";
  private static final String ASSISTANT = "assistant";
  private static final String SYSTEM = "system";
  private static final List<String> ROLES = List.of(USER, ASSISTANT, SYSTEM);
  private static final String CONTENT = "content";
  private static final String TYPE = "type";
  private static final String TEXT = "text";

  private final Json json;
  private final LimitsConfig limits;
  private Map<String, String> openToolUses = Map.of();
  private String openPath = "";
  private boolean cacheControl;

  MessagesReader(Json json, LimitsConfig limits) {
    this.json = json;
    this.limits = limits;
  }

  /**
   * Messages of one role in a row.
   *
   * @param path where the first of them is
   * @param blocks what all of them hold
   */
  private record Turn(String role, String path, List<Fields> blocks) {}

  /** Whether anything that was read has a cache_control. */
  boolean cacheControl() {
    return cacheControl;
  }

  /** Whether a block or tool has a cache_control. */
  static boolean cacheControl(Fields fields) {
    Fields control = fields.objectOrNull("cache_control");
    if (control == null) {
      return false;
    }
    if (control.choiceOrNull(TYPE, List.of("ephemeral")) == null) {
      throw Fields.invalid(control.path(TYPE) + ": Field required");
    }
    control.choiceOrNull("ttl", List.of("5m", "1h"));
    return true;
  }

  List<ChatMessage> read(Fields request) {
    List<ChatMessage> chat = new ArrayList<>();
    cacheControl |= cacheControl(request);
    String system = texts(blocks(request, SYSTEM));
    if (!system.isEmpty()) {
      chat.add(ChatMessage.of(SYSTEM, system));
    }
    List<Turn> turns = turns(request);
    for (Turn turn : turns) {
      switch (turn.role()) {
        case USER -> user(turn, chat);
        case ASSISTANT -> assistant(turn, chat);
        default -> chat.add(ChatMessage.of(SYSTEM, texts(turn.blocks())));
      }
    }
    if (turns.getLast().role().equals(ASSISTANT)) {
      throw Fields.unsupported(
          "This model does not support assistant message prefill. The conversation must end with"
              + " a user message.");
    }
    return chat;
  }

  private List<Turn> turns(Fields request) {
    List<Turn> turns = new ArrayList<>();
    for (Fields message : request.objects("messages", limits.maxMessages())) {
      String role = role(message);
      if (!message.has(CONTENT)) {
        throw Fields.invalid(message.path(CONTENT) + ": Field required");
      }
      List<Fields> blocks = blocks(message, CONTENT);
      if (blocks.isEmpty()) {
        throw Fields.invalid(message.path() + ": all messages must have non-empty content");
      }
      if (turns.isEmpty() || !turns.getLast().role().equals(role)) {
        turns.add(new Turn(role, message.path(), new ArrayList<>()));
      }
      turns.getLast().blocks().addAll(blocks);
    }
    if (turns.isEmpty()) {
      throw Fields.invalid("messages: at least one message is required");
    }
    if (!turns.getFirst().role().equals(USER)) {
      throw Fields.invalid("messages: first message must use the \"user\" role");
    }
    return turns;
  }

  private static String role(Fields message) {
    String role = message.stringOrNull("role", 0, 64);
    if (role == null) {
      throw Fields.invalid(message.path("role") + ": Field required");
    }
    if (!ROLES.contains(role)) {
      throw Fields.invalid(
          message.path("role") + ": Input should be 'user', 'assistant' or 'system'");
    }
    return role;
  }

  /** The blocks of a member that may be a text, which is one block, or absent, which is none. */
  private List<Fields> blocks(Fields fields, String name) {
    JsonNode value = fields.raw(name);
    if (value == null || !value.isTextual()) {
      return fields.objects(name, limits.maxContentBlocks());
    }
    String text = fields.string(name, 0, limits.maxTextLength());
    return text.isEmpty()
        ? List.of()
        : List.of(new Fields(Json.object().put(TYPE, TEXT).put(TEXT, text), fields.path(name)));
  }

  private void user(Turn turn, List<ChatMessage> chat) {
    List<Fields> rest = new ArrayList<>();
    Map<String, ChatMessage> results = new LinkedHashMap<>();
    for (Fields block : turn.blocks()) {
      if (type(block).equals("tool_result")) {
        ChatMessage result = toolResult(block);
        if (results.put(String.valueOf(result.toolCallId()), result) != null) {
          throw Fields.invalid(
              block.path()
                  + ": each tool_use must have a single result. Found multiple `tool_result` blocks"
                  + " with id: "
                  + result.toolCallId());
        }
      } else {
        rest.add(block);
      }
    }
    List<String> missing = new ArrayList<>(openToolUses.keySet());
    missing.removeAll(results.keySet());
    if (!missing.isEmpty()) {
      throw Fields.invalid(
          ("%s: `tool_use` ids were found without `tool_result` blocks immediately after: %s. Each"
                  + " `tool_use` block must have a corresponding `tool_result` block in the next"
                  + " message.")
              .formatted(openPath, String.join(", ", missing)));
    }
    openToolUses = Map.of();
    chat.addAll(results.values());
    String text = texts(rest);
    if (!text.isEmpty()) {
      chat.add(ChatMessage.of(USER, text));
    } else if (results.isEmpty()) {
      throw Fields.invalid(turn.path() + ": all messages must have non-empty content");
    }
  }

  private void assistant(Turn turn, List<ChatMessage> chat) {
    List<Fields> rest = new ArrayList<>();
    List<String> thoughts = new ArrayList<>();
    List<ChatMessage.ToolCall> calls = new ArrayList<>();
    Map<String, String> uses = new LinkedHashMap<>();
    for (Fields block : turn.blocks()) {
      switch (type(block)) {
        case "tool_use" -> {
          cacheControl |= cacheControl(block);
          String id = toolUseId(block, "id");
          String name = RequestFields.toolName(block, "name", MAX_NAME);
          calls.add(new ChatMessage.ToolCall(id, name, json.map(block.object("input").node())));
          if (uses.put(id, name) != null) {
            throw Fields.invalid("messages: `tool_use` ids must be unique");
          }
        }
        case "thinking" -> thoughts.add(block.string("thinking", 0, limits.maxTextLength()));
        // Encrypted for the model that wrote it; no other can read it.
        case "redacted_thinking" -> {}
        default -> rest.add(block);
      }
    }
    openToolUses = uses;
    openPath = turn.path();
    chat.add(
        new ChatMessage(
            ASSISTANT,
            texts(rest),
            thoughts.isEmpty() ? null : String.join("\n", thoughts),
            calls,
            null,
            null));
  }

  private ChatMessage toolResult(Fields block) {
    cacheControl |= cacheControl(block);
    String id = toolUseId(block, "tool_use_id");
    String name = openToolUses.get(id);
    if (name == null) {
      throw Fields.invalid(
          ("%s: unexpected `tool_use_id` found in `tool_result` blocks: %s. Each `tool_result`"
                  + " block must have a corresponding `tool_use` block in the previous message.")
              .formatted(block.path(), id));
    }
    block.bool("is_error", false);
    return new ChatMessage("tool", texts(blocks(block, CONTENT)), null, List.of(), id, name);
  }

  private String texts(List<Fields> blocks) {
    List<String> texts = new ArrayList<>();
    for (Fields block : blocks) {
      cacheControl |= cacheControl(block);
      switch (type(block)) {
        case TEXT -> texts.add(block.string(TEXT, 0, limits.maxTextLength()));
        case "document" -> document(block, texts);
        default -> throw unsupported(block);
      }
    }
    return String.join("\n", texts);
  }

  private void document(Fields block, List<String> texts) {
    Fields source = block.object("source");
    if (!type(source).equals(TEXT)) {
      throw unsupported(source);
    }
    for (String about : List.of("title", "context")) {
      String text = block.stringOrNull(about, 0, limits.maxTextLength());
      if (text != null) {
        texts.add(text);
      }
    }
    texts.add(source.string("data", 1, limits.maxTextLength()));
  }

  private static RuntimeException unsupported(Fields block) {
    return Fields.unsupported(
        block.path(TYPE)
            + " is of a kind that this server does not support here: it takes text, documents whose"
            + " source is text, tool_use and thinking of the assistant, tool_result of the user.");
  }

  private static String type(Fields block) {
    String type = block.stringOrNull(TYPE, 0, 64);
    if (type == null) {
      throw Fields.invalid(block.path(TYPE) + ": Field required");
    }
    return type;
  }

  private static String toolUseId(Fields fields, String name) {
    String id = fields.string(name, 1, 256);
    if (!TOOL_USE_ID.matcher(id).matches()) {
      throw Fields.invalid(fields.path(name) + ": String should match pattern '^[a-zA-Z0-9_-]+$'");
    }
    return id;
  }
}
