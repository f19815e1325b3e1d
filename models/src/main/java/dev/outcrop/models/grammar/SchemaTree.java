package dev.outcrop.models.grammar;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The text of a JSON Schema as a tree, and the words in it. Words that this package does not know
 * are refused, but for annotations, which say nothing about the value. For one schema and thread.
 */
final class SchemaTree {
  /** The longest text of a schema, in UTF-8 bytes. */
  static final int MOST_BYTES = 64 << 10;

  private static final int MOST_NESTING = 200;

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              com.fasterxml.jackson.core.JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(MOST_NESTING)
                          .maxNumberLength(100)
                          .build())
                  .build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(JsonReadFeature.ALLOW_TRAILING_COMMA)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private static final Set<String> ANNOTATIONS =
      Set.of(
          "$schema",
          "$comment",
          "title",
          "description",
          "default",
          "examples",
          "example",
          "deprecated",
          "readOnly",
          "writeOnly",
          "contentEncoding",
          "contentMediaType",
          "contentSchema",
          "discriminator",
          "externalDocs",
          "xml",
          "propertyOrdering");

  private static final Set<String> PLACES = Set.of("$defs", "definitions");

  /** Words that are read elsewhere in this package. */
  static final Set<String> OWN =
      Set.of(
          "type",
          "enum",
          "const",
          "properties",
          "required",
          "additionalProperties",
          "unevaluatedProperties",
          "patternProperties",
          "propertyNames",
          "minProperties",
          "maxProperties",
          "items",
          "prefixItems",
          "minItems",
          "maxItems",
          "uniqueItems",
          "minLength",
          "maxLength",
          "pattern",
          "format",
          "minimum",
          "maximum",
          "exclusiveMinimum",
          "exclusiveMaximum",
          "multipleOf");

  static final Set<String> APPLICATORS = Set.of("$ref", "allOf", "anyOf", "oneOf");

  private final JsonNode root;
  private final Set<JsonNode> checked = Collections.newSetFromMap(new IdentityHashMap<>());

  private SchemaTree(JsonNode root) {
    this.root = root;
  }

  /**
   * A schema within the tree.
   *
   * @param node an object or a boolean
   * @param place a JSON pointer in a fragment, for messages
   */
  record Schema(JsonNode node, String place) {
    /** A part of it that is a schema itself, by the words that lead there. */
    Schema part(JsonNode part, String... words) {
      StringBuilder there = new StringBuilder(place);
      for (String word : words) {
        there.append('/').append(word.replace("~", "~0").replace("/", "~1"));
      }
      return new Schema(part, there.toString());
    }

    RuntimeException refused(String message) {
      return Refusals.at(place, message);
    }
  }

  static SchemaTree read(String text) {
    if (text.length() > MOST_BYTES || text.getBytes(StandardCharsets.UTF_8).length > MOST_BYTES) {
      throw Refusals.refused("The schema has more than %d bytes.".formatted(MOST_BYTES));
    }
    try {
      JsonNode root = MAPPER.readTree(text);
      if (root == null || root.isMissingNode()) {
        throw Refusals.refused("The schema is empty.");
      }
      return new SchemaTree(root);
    } catch (JsonProcessingException e) {
      throw Refusals.refused(
          "The schema is not valid JSON, or nests deeper than %d levels.".formatted(MOST_NESTING));
    }
  }

  Schema root() {
    return new Schema(root, "#");
  }

  /** Refuses a schema that holds a word whose meaning would go unheeded. */
  void check(Schema schema) {
    JsonNode node = schema.node();
    if (node.isBoolean() || !checked.add(node)) {
      return;
    }
    if (!node.isObject()) {
      throw schema.refused("has to be an object or a boolean.");
    }
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      String word = entry.getKey();
      boolean known =
          OWN.contains(word)
              || APPLICATORS.contains(word)
              || ANNOTATIONS.contains(word)
              || PLACES.contains(word)
              || word.startsWith("x-")
              || (word.equals("$id") && node.equals(root));
      if (!known) {
        throw schema.refused(
            "has '%s', which cannot be enforced here.".formatted(Refusals.shown(word)));
      }
    }
  }

  /** A schema and all that it may apply to the same value. */
  Set<JsonNode> within(Schema schema) {
    Set<JsonNode> all = Collections.newSetFromMap(new IdentityHashMap<>());
    Deque<JsonNode> todo = new ArrayDeque<>(List.of(schema.node()));
    while (!todo.isEmpty()) {
      JsonNode node = todo.pop();
      if (all.add(node)) {
        if (node.has("$ref")) {
          todo.push(resolve(schema, node.get("$ref")).node());
        }
        for (String word : List.of("allOf", "anyOf", "oneOf")) {
          node.path(word).forEach(todo::push);
        }
      }
    }
    return all;
  }

  /** What a {@code $ref} means. */
  Schema resolve(Schema from, JsonNode reference) {
    String text = reference.isTextual() ? reference.textValue() : "";
    if (!text.equals("#") && !text.startsWith("#/")) {
      throw from.refused("has a '$ref' that does not point into the schema itself ('#/...').");
    }
    JsonNode at = root;
    String pointer;
    try {
      pointer = URLDecoder.decode(text.substring(1).replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      pointer = text.substring(1);
    }
    if (!pointer.isEmpty()) {
      for (String word : pointer.substring(1).split("/", -1)) {
        String name = word.replace("~1", "/").replace("~0", "~");
        JsonNode next =
            at.isArray() && name.matches("[0-9]{1,6}")
                ? at.get(Integer.parseInt(name))
                : at.get(name);
        if (next == null) {
          throw from.refused(
              "has a '$ref' to %s, which is not there.".formatted(Refusals.shown(text)));
        }
        at = next;
      }
    }
    return new Schema(at, Refusals.shown(text));
  }
}
