package dev.outcrop.serving.bedrock;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.json.Fields;
import java.util.List;
import java.util.Set;

/**
 * The unions of a Converse request: objects of which exactly one member is set. Members that the
 * API does not know are ignored, here as everywhere.
 *
 * @param shape the name that error messages call it by
 * @param members the members that the API knows
 */
record Unions(String shape, List<String> members) {
  static final Unions CONTENT =
      new Unions(
          "ContentBlock",
          List.of(
              "text",
              "image",
              "document",
              "video",
              "audio",
              "toolUse",
              "toolResult",
              "guardContent",
              "cachePoint",
              "reasoningContent",
              "citationsContent",
              "searchResult",
              "toolAddition",
              "toolRemoval"));
  static final Unions SYSTEM =
      new Unions("SystemContentBlock", List.of("text", "guardContent", "cachePoint"));
  static final Unions TOOL_RESULT =
      new Unions(
          "ToolResultContentBlock",
          List.of("json", "text", "image", "document", "video", "searchResult"));
  static final Unions DOCUMENT_SOURCE =
      new Unions("DocumentSource", List.of("bytes", "s3Location", "text", "content"));
  static final Unions DOCUMENT_PART = new Unions("DocumentContentBlock", List.of("text"));
  static final Unions CITED = new Unions("CitationGeneratedContent", List.of("text"));
  static final Unions REASONING =
      new Unions("ReasoningContentBlock", List.of("reasoningText", "redactedContent"));
  static final Unions TOOL = new Unions("Tool", List.of("toolSpec", "systemTool", "cachePoint"));
  static final Unions COUNT_INPUT =
      new Unions("CountTokensInput", List.of("invokeModel", "converse"));
  static final Unions TOOL_SCHEMA = new Unions("ToolInputSchema", List.of("json"));
  static final Unions TOOL_CHOICE = new Unions("ToolChoice", List.of("auto", "any", "tool"));

  /** The one member that is set. */
  String member(Fields object) {
    List<String> set = object.names().stream().filter(Set.copyOf(members)::contains).toList();
    if (set.size() == 1) {
      return set.getFirst();
    }
    throw Fields.invalid(
        set.isEmpty()
            ? "%s object at %s must set one of the following keys: %s."
                .formatted(shape, object.path(), String.join(", ", members))
            : "%s object at %s must set only one of the following keys, but sets several: %s."
                .formatted(shape, object.path(), String.join(", ", set)));
  }

  /** An object that may hold anything. */
  static ObjectNode jsonObject(Fields object, String name) {
    JsonNode value = object.raw(name);
    if (value == null) {
      throw object.bad(name, "is required");
    }
    if (value instanceof ObjectNode node) {
      return node;
    }
    throw Fields.invalid(
        "The format of the value at %s is invalid. Provide a json object for the field and try again."
            .formatted(object.path(name)));
  }

  /** The error about a member that the API knows and this server does not offer. */
  static RuntimeException unsupported(Fields object, String member) {
    String path = object.path(member);
    return Fields.unsupported(
        "This model doesn't support the %s field. Remove %s and try again.".formatted(path, path));
  }

  /** The same about a content block. */
  static RuntimeException unsupported(String block, String role) {
    return Fields.unsupported(
        "This model doesn't support the %s field for %s messages. Remove %s and try again."
            .formatted(block, role, block));
  }
}
