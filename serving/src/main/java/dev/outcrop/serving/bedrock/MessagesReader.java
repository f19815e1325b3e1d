package dev.outcrop.serving.bedrock;

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
import org.jspecify.annotations.Nullable;

/**
 * Reads the messages of a Converse request and holds them to the rules that Bedrock clients know:
 * the user begins and ends, roles alternate, every tool use is answered in the next turn. Used for
 * one request.
 */
final class MessagesReader {
  private static final Pattern TOOL_USE_ID = Pattern.compile("[a-zA-Z0-9_.:-]{1,64}");
  private static final String USER = "user";
  private static final String ASSISTANT = "assistant";
  private static final String SYSTEM = "system";

  private final Json json;
  private final LimitsConfig limits;
  private final boolean toolsConfigured;
  private final CachePoints cachePoints;
  private final DocumentReader documents;
  private int messageDocuments;
  private Map<String, String> openToolUses = Map.of();

  MessagesReader(Json json, LimitsConfig limits, boolean toolsConfigured, CachePoints cachePoints) {
    this.json = json;
    this.limits = limits;
    this.toolsConfigured = toolsConfigured;
    this.cachePoints = cachePoints;
    this.documents = new DocumentReader(limits);
  }

  /** Adds the system prompt. */
  void system(Fields request, List<ChatMessage> chat) {
    List<String> texts = new ArrayList<>();
    for (Fields block : request.objects("system", limits.maxContentBlocks())) {
      String kind = Unions.SYSTEM.member(block);
      switch (kind) {
        case "text" -> texts.add(block.string(kind, 1, limits.maxTextLength()));
        case "cachePoint" -> cachePoints.add(block);
        default -> throw Unions.unsupported(block, kind);
      }
    }
    if (!texts.isEmpty()) {
      chat.add(ChatMessage.of(SYSTEM, String.join("\n", texts)));
    }
  }

  /** Adds the conversation. */
  void conversation(Fields request, List<ChatMessage> chat) {
    String previous = null;
    List<Fields> messages = request.objects("messages", limits.maxMessages());
    for (Fields message : messages) {
      String role = message.choiceOrNull("role", List.of(USER, ASSISTANT, SYSTEM));
      if (role == null) {
        throw message.bad("role", "is required");
      }
      List<Fields> blocks = message.objects("content", limits.maxContentBlocks());
      if (blocks.isEmpty()) {
        throw Fields.invalid(
            "The content field in the Message object at %s is empty. Add a ContentBlock object to the content field and try again."
                .formatted(message.path()));
      }
      messageDocuments = 0;
      if (!role.equals(SYSTEM)) {
        checkOrder(role, previous);
        previous = role;
      }
      switch (role) {
        case USER -> user(message, blocks, chat);
        case ASSISTANT -> assistant(message, blocks, chat);
        default -> chat.add(ChatMessage.of(SYSTEM, texts(blocks, SYSTEM)));
      }
    }
    if (!USER.equals(previous)) {
      throw Fields.invalid(
          previous == null
              ? "A conversation must start with a user message. Try again with a conversation that starts with a user message."
              : "A conversation must end with a user message. Try again with a conversation that ends with a user message.");
    }
  }

  private static void checkOrder(String role, @Nullable String previous) {
    if (previous == null && !role.equals(USER)) {
      throw Fields.invalid(
          "A conversation must start with a user message. Try again with a conversation that starts with a user message.");
    }
    if (role.equals(previous)) {
      throw Fields.invalid(
          "A conversation must alternate between user and assistant roles. Make sure the conversation alternates between user and assistant roles and try again.");
    }
  }

  private void user(Fields message, List<Fields> blocks, List<ChatMessage> chat) {
    List<Fields> rest = new ArrayList<>();
    Map<String, ChatMessage> results = new LinkedHashMap<>();
    for (Fields block : blocks) {
      if (Unions.CONTENT.member(block).equals("toolResult")) {
        ChatMessage result = toolResult(message, block.object("toolResult"));
        if (results.put(String.valueOf(result.toolCallId()), result) != null) {
          throw message.bad("content", "holds two toolResult blocks for one toolUseId");
        }
      } else {
        rest.add(block);
      }
    }
    if (results.size() < openToolUses.size()) {
      List<String> missing = new ArrayList<>(openToolUses.keySet());
      missing.removeAll(results.keySet());
      throw Fields.invalid(
          "Expected toolResult blocks at %s for the following Ids: %s"
              .formatted(message.path("content"), String.join(", ", missing)));
    }
    openToolUses = Map.of();
    chat.addAll(results.values());
    String text = texts(rest, USER);
    if (!text.isEmpty()) {
      chat.add(ChatMessage.of(USER, text));
    } else if (results.isEmpty()) {
      throw message.bad("content", "must hold a text, a document or a toolResult block");
    }
  }

  private void assistant(Fields message, List<Fields> blocks, List<ChatMessage> chat) {
    List<Fields> rest = new ArrayList<>();
    List<ChatMessage.ToolCall> calls = new ArrayList<>();
    Map<String, String> uses = new LinkedHashMap<>();
    List<String> reasoning = new ArrayList<>();
    for (Fields block : blocks) {
      switch (Unions.CONTENT.member(block)) {
        case "toolUse" -> {
          ChatMessage.ToolCall call = toolUse(block.object("toolUse"));
          if (uses.put(call.id(), call.name()) != null) {
            throw message.bad("content", "holds two toolUse blocks with one toolUseId");
          }
          calls.add(call);
        }
        case "reasoningContent" -> reasoning(block.object("reasoningContent"), reasoning);
        default -> rest.add(block);
      }
    }
    openToolUses = uses;
    chat.add(
        new ChatMessage(
            ASSISTANT,
            texts(rest, ASSISTANT),
            reasoning.isEmpty() ? null : String.join("\n", reasoning),
            calls,
            null,
            null));
  }

  private void reasoning(Fields content, List<String> to) {
    switch (Unions.REASONING.member(content)) {
      case "reasoningText" -> {
        Fields text = content.object("reasoningText");
        text.stringOrNull("signature", 0, limits.maxTextLength());
        to.add(text.string("text", 0, limits.maxTextLength()));
      }
      // It is encrypted for the model that wrote it; no other can read it.
      default -> content.blob("redactedContent");
    }
  }

  private ChatMessage.ToolCall toolUse(Fields use) {
    requireToolConfig();
    String name = RequestFields.toolName(use, "name");
    use.choiceOrNull("type", List.of("server_tool_use"));
    return new ChatMessage.ToolCall(
        toolUseId(use), name, json.map(Unions.jsonObject(use, "input")));
  }

  private ChatMessage toolResult(Fields message, Fields result) {
    requireToolConfig();
    String id = toolUseId(result);
    String name = openToolUses.get(id);
    if (name == null) {
      throw Fields.invalid(
          openToolUses.isEmpty()
              ? "The number of toolResult blocks at %s exceeds the number of toolUse blocks of previous turn."
                  .formatted(message.path("content"))
              : "%s does not name a toolUse block of the previous turn."
                  .formatted(result.path("toolUseId")));
    }
    if (!result.has("content")) {
      throw result.bad("content", "is required");
    }
    List<String> texts = new ArrayList<>();
    for (Fields block : result.objects("content", limits.maxContentBlocks())) {
      String kind = Unions.TOOL_RESULT.member(block);
      JsonNode value = block.raw("json");
      if (value != null) {
        texts.add(json.text(value));
      } else if (kind.equals("text")) {
        texts.add(block.string(kind, 0, limits.maxTextLength()));
      } else if (kind.equals("document")) {
        texts.add(document(block));
      } else {
        throw Unions.unsupported(block, kind);
      }
    }
    result.stringOrNull("type", 0, limits.maxTextLength());
    String status = result.choiceOrNull("status", List.of("success", "error"));
    if (texts.isEmpty() && "error".equals(status)) {
      throw Fields.invalid(
          "The content field at %s cannot be empty when status value is error."
              .formatted(result.path()));
    }
    return new ChatMessage("tool", String.join("\n", texts), null, List.of(), id, name);
  }

  private String document(Fields block) {
    if (++messageDocuments > DocumentReader.MOST) {
      throw Fields.invalid(
          "%s is one document too many: a message may have %d."
              .formatted(block.path("document"), DocumentReader.MOST));
    }
    return documents.read(block.object("document"));
  }

  /** An answer of another model, with the sources that it gave; here only what it said. */
  private String cited(Fields citations) {
    StringBuilder said = new StringBuilder();
    for (Fields part : citations.objects("content", limits.maxContentBlocks())) {
      said.append(part.string(Unions.CITED.member(part), 0, limits.maxTextLength()));
    }
    return said.toString();
  }

  private String texts(List<Fields> blocks, String role) {
    List<String> texts = new ArrayList<>();
    for (Fields block : blocks) {
      String kind = Unions.CONTENT.member(block);
      switch (kind) {
        case "text" -> {
          String text = block.string(kind, 0, limits.maxTextLength());
          if (text.isBlank()) {
            throw Fields.invalid(
                "The text field in the ContentBlock object at %s is blank. Add text to the text field, and try again."
                    .formatted(block.path()));
          }
          texts.add(text);
        }
        case "cachePoint" -> cachePoints.add(block);
        case "toolUse", "toolResult", "reasoningContent" ->
            throw Fields.invalid(block.path(kind) + " is not allowed in a message of this role.");
        default -> texts.add(more(block, kind, role));
      }
    }
    return String.join("\n", texts);
  }

  /** Blocks that only one role may have. */
  private String more(Fields block, String kind, String role) {
    return switch (role + " " + kind) {
      case USER + " document" -> document(block);
      case ASSISTANT + " citationsContent" -> cited(block.object(kind));
      default -> throw Unions.unsupported(kind, role);
    };
  }

  private static String toolUseId(Fields fields) {
    String id = fields.string("toolUseId", 1, 64);
    if (!TOOL_USE_ID.matcher(id).matches()) {
      throw fields.bad("toolUseId", "must match " + TOOL_USE_ID);
    }
    return id;
  }

  private void requireToolConfig() {
    if (!toolsConfigured) {
      throw Fields.invalid(
          "The toolConfig field must be defined when using toolUse and toolResult content blocks.");
    }
  }
}
