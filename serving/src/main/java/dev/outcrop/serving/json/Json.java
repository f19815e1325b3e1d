package dev.outcrop.serving.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.error.ServingError;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes JSON under limits: nesting depth, number of tokens, string, name and number
 * length, no key twice, nothing after the value. Numbers keep all their digits. Safe to use from
 * any thread.
 */
public final class Json {
  /** The deepest nesting a request may have. */
  public static final int MAX_DEPTH = 64;

  /** The most tokens: braces, brackets, names and values. Each may become an object of 50 bytes. */
  public static final int MAX_TOKENS = 1_000_000;

  private static final int MAX_NAME = 1_024;
  private static final int MAX_NUMBER = 128;

  /** The limit of a generated text is its number of tokens. */
  private static final JsonMapper GENERATED =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxStringLength(Integer.MAX_VALUE)
                          .maxNameLength(Integer.MAX_VALUE)
                          .maxNumberLength(Integer.MAX_VALUE)
                          .build())
                  .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
                  .build())
          .build();

  private final JsonMapper mapper;

  /**
   * Creates a reader and writer.
   *
   * @param maxString the longest string, in characters
   */
  public Json(int maxString) {
    StreamReadConstraints limits =
        StreamReadConstraints.builder()
            .maxNestingDepth(MAX_DEPTH)
            .maxTokenCount(MAX_TOKENS)
            .maxStringLength(maxString)
            .maxNameLength(MAX_NAME)
            .maxNumberLength(MAX_NUMBER)
            .build();
    JsonFactory factory =
        JsonFactory.builder()
            .streamReadConstraints(limits)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            .disable(StreamWriteFeature.AUTO_CLOSE_TARGET)
            .build();
    mapper =
        JsonMapper.builder(factory)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();
  }

  /** The JSON object that is the body of a request; an empty body is an empty object. */
  public ObjectNode object(byte[] body) {
    if (body.length == 0) {
      return JsonNodeFactory.instance.objectNode();
    }
    JsonNode node;
    try {
      node = mapper.readTree(body);
    } catch (JsonProcessingException e) {
      throw invalid(e.getLocation());
    } catch (IOException e) {
      throw invalid(null);
    }
    if (node instanceof ObjectNode object) {
      return object;
    }
    throw new OutcropException(
        ServingError.REQUEST_INVALID, "Malformed input request: the body must be a JSON object.");
  }

  /** The JSON object that a text holds, or null where it holds none. */
  public @Nullable ObjectNode tryObject(String text) {
    try {
      return mapper.readTree(text) instanceof ObjectNode object ? object : null;
    } catch (JsonProcessingException e) {
      return null;
    }
  }

  /**
   * A JSON object that a model wrote and a parser checked as it came. Of a key that comes twice the
   * last counts. Numbers with a point or an exponent are nodes to be written, not read: they keep
   * their text, whatever its length or exponent, as they do in a stream.
   */
  public ObjectNode generated(String text) {
    try (JsonParser parser = GENERATED.createParser(text)) {
      parser.nextToken();
      return (ObjectNode) asWritten(parser);
    } catch (IOException e) {
      throw new IllegalStateException("arguments that were checked are no JSON", e);
    }
  }

  private static JsonNode asWritten(JsonParser at) throws IOException {
    if (at.isExpectedStartObjectToken()) {
      ObjectNode object = object();
      while (at.nextToken() != JsonToken.END_OBJECT) {
        String name = at.currentName();
        at.nextToken();
        object.set(name, asWritten(at));
      }
      return object;
    }
    if (at.isExpectedStartArrayToken()) {
      ArrayNode array = JsonNodeFactory.instance.arrayNode();
      while (at.nextToken() != JsonToken.END_ARRAY) {
        array.add(asWritten(at));
      }
      return array;
    }
    return at.hasToken(JsonToken.VALUE_NUMBER_FLOAT)
        ? JsonNodeFactory.instance.rawValueNode(new RawValue(at.getText()))
        : GENERATED.readTree(at);
  }

  /** The bytes of a value, compact, in UTF-8. */
  public byte[] bytes(JsonNode node) {
    try {
      return mapper.writeValueAsBytes(node);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a JSON tree can always be written", e);
    }
  }

  /** The bytes of an object whose own members come in alphabetical order. */
  public byte[] sortedBytes(ObjectNode node) {
    ObjectNode sorted = object();
    node.properties().stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(entry -> sorted.set(entry.getKey(), entry.getValue()));
    return bytes(sorted);
  }

  /** The text of a value, compact. */
  public String text(JsonNode node) {
    try {
      return mapper.writeValueAsString(node);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a JSON tree can always be written", e);
    }
  }

  /** A new, empty object. */
  public static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  /** A JSON object as maps, lists, strings, numbers, booleans and nulls, keys in their order. */
  public Map<String, @Nullable Object> map(ObjectNode node) {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      map.put(entry.getKey(), plain(entry.getValue()));
    }
    return map;
  }

  private @Nullable Object plain(JsonNode node) {
    return switch (node.getNodeType()) {
      case OBJECT -> map((ObjectNode) node);
      case ARRAY -> {
        List<@Nullable Object> list = new ArrayList<>(node.size());
        node.forEach(item -> list.add(plain(item)));
        yield list;
      }
      case STRING -> node.textValue();
      case NUMBER -> node.numberValue();
      case BOOLEAN -> node.booleanValue();
      case NULL, MISSING, BINARY, POJO -> null;
    };
  }

  private static OutcropException invalid(@Nullable JsonLocation at) {
    String where =
        at == null ? "" : " (line %d, column %d)".formatted(at.getLineNr(), at.getColumnNr());
    return new OutcropException(
        ServingError.REQUEST_INVALID,
        "Malformed input request: the body is not valid JSON within the limits"
            + where
            + ", please reformat your input and try again.");
  }
}
