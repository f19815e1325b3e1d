package dev.outcrop.serving.prices;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.error.ServingError;
import java.util.Map;
import java.util.Set;

/**
 * A mapping of a price file, read field by field; errors name the file and the field.
 *
 * @param file for messages
 * @param path where in the file
 * @param node the mapping
 */
record Row(String file, String path, JsonNode node) {
  private static final double MOST = 1e9;

  Row {
    if (!node.isObject()) {
      throw new OutcropException(
          ServingError.CONFIG_INVALID, "%s: %s must be a mapping".formatted(file, path));
    }
  }

  /** Refuses what nobody would read. */
  Row with(String... known) {
    Set<String> names = Set.of(known);
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      if (!names.contains(field.getKey())) {
        throw invalid(field.getKey(), "is not a known key");
      }
    }
    return this;
  }

  boolean has(String name) {
    return node.hasNonNull(name);
  }

  String text(String name) {
    JsonNode value = node.path(name);
    if (!value.isValueNode() || value.isNull() || value.asText().isBlank()) {
      throw invalid(name, "is missing");
    }
    return value.asText();
  }

  double number(String name) {
    JsonNode value = node.path(name);
    if (!value.isNumber() || !(value.doubleValue() >= 0) || value.doubleValue() > MOST) {
      throw invalid(name, "must be a number from 0");
    }
    return value.doubleValue();
  }

  double positive(String name) {
    double value = number(name);
    if (value == 0) {
      throw invalid(name, "must be above 0");
    }
    return value;
  }

  boolean flag(String name) {
    if (!node.path(name).isBoolean()) {
      throw invalid(name, "must be true or false");
    }
    return node.path(name).booleanValue();
  }

  OutcropException invalid(String name, String problem) {
    return new OutcropException(
        ServingError.CONFIG_INVALID, "%s: %s.%s %s".formatted(file, path, name, problem));
  }
}
