package dev.outcrop.models.text;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.outcrop.models.jinja.JinjaTemplate;
import dev.outcrop.models.jinja.Limits;
import dev.outcrop.models.jinja.RequestValues;
import dev.outcrop.models.jinja.Text;
import dev.outcrop.models.jinja.Value;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The conversations, templates and goldens that make_template_goldens.py works with. */
final class TemplateCases {
  static final Clock CLOCK = Clock.fixed(Instant.parse("2026-03-09T07:05:04Z"), ZoneOffset.UTC);

  private static final String LIST = "/chat_templates/templates.json";
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final JsonNode ENTRIES = json(LIST);
  private static final TypeReference<LinkedHashMap<String, Object>> OBJECT =
      new TypeReference<>() {};

  private static final TypeReference<LinkedHashMap<String, String>> TOKENS =
      new TypeReference<>() {};

  private TemplateCases() {}

  static JsonNode conversations() {
    return json("/chat_templates/conversations.json");
  }

  static JsonNode rawConversations() {
    return json("/chat_templates/raw_conversations.json");
  }

  static JsonNode golden(String template) {
    return json("/chat_templates/goldens/" + template + ".json");
  }

  static JsonNode json(String resource) {
    try {
      return JSON.readTree(text(resource));
    } catch (IOException malformed) {
      throw new UncheckedIOException(malformed);
    }
  }

  /** A JSON object as maps and lists. */
  static Map<String, Object> object(String json) {
    try {
      return JSON.readValue(json, OBJECT);
    } catch (IOException malformed) {
      throw new UncheckedIOException(malformed);
    }
  }

  static String text(String resource) {
    try (InputStream in = TemplateCases.class.getResourceAsStream(resource)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  /** The names in templates.json, which make_template_goldens.py reads too. */
  static List<String> templates() {
    List<String> names = new ArrayList<>();
    ENTRIES.forEach(template -> names.add(template.path("name").textValue()));
    return names;
  }

  /** Those whose goldens are made with arguments as text. */
  static List<String> templatesThatJoinArguments() {
    return templates().stream()
        .filter(template -> entry(template).path("arguments_as_text").asBoolean())
        .toList();
  }

  private static JsonNode entry(String template) {
    for (JsonNode entry : ENTRIES) {
      if (entry.path("name").textValue().equals(template)) {
        return entry;
      }
    }
    throw new IllegalArgumentException(template);
  }

  static String source(String template) {
    return text("/" + entry(template).path("folder").textValue() + "/chat_template.jinja");
  }

  static Map<String, String> specialTokens(String template) {
    return JSON.convertValue(entry(template).path("tokens"), TOKENS);
  }

  static ChatTemplate open(String template) {
    return ChatTemplate.of(source(template), specialTokens(template));
  }

  /** Renders a conversation of raw_conversations.json, which has shapes that turns do not have. */
  static Text renderRaw(
      JinjaTemplate template, Map<String, String> specialTokens, JsonNode conversation) {
    Map<String, Object> request = new HashMap<>();
    request.put("tools", null);
    request.put("documents", null);
    request.putAll(JSON.convertValue(conversation.path("options"), OBJECT));
    request.put("messages", JSON.convertValue(conversation.path("messages"), Object.class));
    request.put("add_generation_prompt", conversation.path("add_generation_prompt").booleanValue());
    Map<String, Value> variables = new HashMap<>();
    request.forEach((name, value) -> variables.put(name, RequestValues.of(value)));
    specialTokens.forEach((name, token) -> variables.put(name, Value.Str.trusted(token)));
    return template.render(variables, Limits.DEFAULT, CLOCK);
  }

  static Prompt render(ChatTemplate template, JsonNode conversation) {
    List<ChatMessage> messages = new ArrayList<>();
    conversation.path("messages").forEach(message -> messages.add(message(message)));
    List<ToolDefinition> tools = new ArrayList<>();
    for (JsonNode tool : conversation.path("tools")) {
      JsonNode function = tool.path("function");
      tools.add(
          new ToolDefinition(
              function.path("name").textValue(),
              function.path("description").textValue(),
              JSON.convertValue(function.path("parameters"), OBJECT)));
    }
    Map<String, Object> options =
        conversation.has("options")
            ? JSON.convertValue(conversation.path("options"), OBJECT)
            : Map.of();
    boolean addGenerationPrompt = conversation.path("add_generation_prompt").booleanValue();
    return template.render(messages, tools, addGenerationPrompt, options, CLOCK);
  }

  private static ChatMessage message(JsonNode message) {
    List<ChatMessage.ToolCall> calls = new ArrayList<>();
    for (JsonNode call : message.path("tool_calls")) {
      calls.add(
          new ChatMessage.ToolCall(
              call.path("id").textValue(),
              call.path("function").path("name").textValue(),
              JSON.convertValue(call.path("function").path("arguments"), OBJECT)));
    }
    return new ChatMessage(
        message.path("role").textValue(),
        message.path("content").textValue(),
        message.path("reasoning_content").textValue(),
        calls,
        message.path("tool_call_id").textValue(),
        message.path("name").textValue());
  }

  /**
   * The conversation with every character of its texts, keys and names, but not of roles, moved to
   * the private use area, so that it cannot be taken for the template's.
   */
  static JsonNode disguised(JsonNode conversation) {
    ObjectNode copy = conversation.deepCopy();
    copy.remove("options");
    for (JsonNode message : copy.path("messages")) {
      ObjectNode fields = (ObjectNode) message;
      for (String text : List.of("content", "reasoning_content", "name", "tool_call_id")) {
        if (fields.has(text)) {
          fields.put(text, disguised(fields.path(text).textValue()));
        }
      }
      for (JsonNode call : message.path("tool_calls")) {
        replace((ObjectNode) call, "id");
        replace((ObjectNode) call.path("function"), "name", "arguments");
      }
    }
    copy.path("tools")
        .forEach(
            tool ->
                replace((ObjectNode) tool.path("function"), "name", "description", "parameters"));
    return copy;
  }

  private static void replace(ObjectNode node, String... fields) {
    for (String field : fields) {
      node.set(field, disguisedValue(node.path(field)));
    }
  }

  private static JsonNode disguisedValue(JsonNode value) {
    if (value.isTextual()) {
      return TextNode.valueOf(disguised(value.textValue()));
    }
    if (value.isArray()) {
      ArrayNode items = JSON.createArrayNode();
      value.forEach(item -> items.add(disguisedValue(item)));
      return items;
    }
    if (value.isObject()) {
      ObjectNode fields = JSON.createObjectNode();
      value
          .properties()
          .forEach(
              field -> fields.set(disguised(field.getKey()), disguisedValue(field.getValue())));
      return fields;
    }
    return value;
  }

  private static String disguised(String text) {
    return text.codePoints()
        .map(c -> 0xe000 + c % 0x1800)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }
}
