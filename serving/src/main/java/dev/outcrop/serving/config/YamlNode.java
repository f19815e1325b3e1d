package dev.outcrop.serving.config;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A YAML text as a tree that knows its lines. Aliases are refused, tags have no meaning. */
sealed interface YamlNode {
  /** The line in the file, from 1. */
  int line();

  /** A mapping. */
  record Mapping(Map<String, YamlNode> entries, Map<String, Integer> keyLines, int line)
      implements YamlNode {}

  /** A sequence. */
  record Sequence(List<YamlNode> items, int line) implements YamlNode {}

  /** A scalar as it is written, or null for an empty one. */
  record Scalar(@Nullable String text, int line) implements YamlNode {}

  /**
   * Reads a text; an empty one is an empty mapping.
   *
   * @throws IllegalArgumentException with line and reason where it is not YAML
   */
  static YamlNode read(String text) {
    try (JsonParser parser = new YAMLFactory().createParser(text)) {
      JsonToken token = parser.nextToken();
      if (token == null) {
        return new Mapping(Map.of(), Map.of(), 1);
      }
      YamlNode node = read(parser, token);
      if (parser.nextToken() != null) {
        throw new IllegalArgumentException(
            "line %d: only one document is allowed".formatted(line(parser)));
      }
      return node;
    } catch (JsonProcessingException e) {
      int line = e.getLocation() == null ? 1 : e.getLocation().getLineNr();
      throw new IllegalArgumentException(
          "line %d: not valid YAML: %s"
              .formatted(line, e.getOriginalMessage().lines().findFirst().orElse("")),
          e);
    } catch (IOException e) {
      throw new IllegalArgumentException("not readable", e);
    }
  }

  private static YamlNode read(JsonParser parser, JsonToken token) throws IOException {
    int line = line(parser);
    if (parser instanceof YAMLParser yaml && yaml.isCurrentAlias()) {
      throw new IllegalArgumentException(
          "line %d: the alias *%s is not supported; write out what it stands for"
              .formatted(line, parser.getText()));
    }
    return switch (token) {
      case START_OBJECT -> mapping(parser, line);
      case START_ARRAY -> {
        List<YamlNode> items = new ArrayList<>();
        JsonToken next = parser.nextToken();
        while (next != JsonToken.END_ARRAY) {
          items.add(read(parser, next));
          next = parser.nextToken();
        }
        yield new Sequence(items, line);
      }
      case VALUE_NULL -> new Scalar(null, line);
      default -> new Scalar(parser.getText(), line);
    };
  }

  private static Mapping mapping(JsonParser parser, int line) throws IOException {
    Map<String, YamlNode> entries = new LinkedHashMap<>();
    Map<String, Integer> keyLines = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String key = parser.currentName();
      int keyLine = line(parser);
      if (keyLines.put(key, keyLine) != null) {
        throw new IllegalArgumentException(
            "line %d: the key %s is there twice".formatted(keyLine, key));
      }
      entries.put(key, read(parser, parser.nextToken()));
    }
    return new Mapping(entries, keyLines, line);
  }

  private static int line(JsonParser parser) {
    return parser.currentTokenLocation().getLineNr();
  }
}
