package dev.outcrop.serving.json;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.error.ServingError;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The fields of one JSON object, read with type and bounds. What is wrong is answered with the
 * field's path, never with its value. JSON null counts as absent.
 *
 * @param node the object
 * @param path where it is in the body, empty for the body itself
 */
public record Fields(ObjectNode node, String path) {

  /** The fields of a body. */
  public static Fields of(ObjectNode body) {
    return new Fields(body, "");
  }

  /** The path of a field. */
  public String path(String name) {
    return path.isEmpty() ? name : path + "." + name;
  }

  /** Whether a field is there and not null. */
  public boolean has(String name) {
    return node.hasNonNull(name);
  }

  /** The names of the fields that are not null. */
  public List<String> names() {
    List<String> names = new ArrayList<>();
    node.properties()
        .forEach(
            entry -> {
              if (!entry.getValue().isNull()) {
                names.add(entry.getKey());
              }
            });
    return names;
  }

  /** A field as it is, or null. */
  public @Nullable JsonNode raw(String name) {
    JsonNode value = node.get(name);
    return value == null || value.isNull() ? null : value;
  }

  /** A string of a length within bounds. */
  public String string(String name, int min, int max) {
    String value = stringOrNull(name, min, max);
    if (value == null) {
      throw bad(name, "is required");
    }
    return value;
  }

  /** A string of a length within bounds, or null where the field is absent. */
  public @Nullable String stringOrNull(String name, int min, int max) {
    JsonNode value = raw(name);
    return value == null ? null : checked(value, path(name), min, max);
  }

  /** Bytes, which JSON carries as base64. */
  public byte[] blob(String name) {
    try {
      return Base64.getDecoder().decode(string(name, 0, Integer.MAX_VALUE));
    } catch (IllegalArgumentException e) {
      throw bad(name, "must be base64");
    }
  }

  /** A string that is one of a few. */
  public @Nullable String choiceOrNull(String name, List<String> choices) {
    String value = stringOrNull(name, 0, 64);
    if (value != null && !choices.contains(value)) {
      throw bad(name, "must be one of " + choices);
    }
    return value;
  }

  /** An integer within bounds, or a default. */
  public int integer(String name, int min, int max, int absent) {
    return (int) integer(name, (long) min, max, absent);
  }

  /** An integer within bounds, or a default. */
  public long integer(String name, long min, long max, long absent) {
    JsonNode value = raw(name);
    if (value == null) {
      return absent;
    }
    if (!value.isNumber() || !value.canConvertToExactIntegral() || !value.canConvertToLong()) {
      throw bad(name, "must be an integer");
    }
    long number = value.longValue();
    if (number < min || number > max) {
      throw bad(name, "must be between %d and %d, was %d".formatted(min, max, number));
    }
    return number;
  }

  /** A finite number within bounds, or a default. */
  public double number(String name, double min, double max, double absent) {
    JsonNode value = raw(name);
    if (value == null) {
      return absent;
    }
    double number = value.doubleValue();
    if (!value.isNumber() || !Double.isFinite(number)) {
      throw bad(name, "must be a number");
    }
    if (number < min || number > max) {
      throw bad(name, "must be between %s and %s, was %s".formatted(min, max, number));
    }
    return number;
  }

  /** A boolean, or a default. */
  public boolean bool(String name, boolean absent) {
    JsonNode value = raw(name);
    if (value == null) {
      return absent;
    }
    if (!value.isBoolean()) {
      throw bad(name, "must be true or false");
    }
    return value.booleanValue();
  }

  /** An object, or null where the field is absent. */
  public @Nullable Fields objectOrNull(String name) {
    JsonNode value = raw(name);
    return value == null ? null : asObject(value, path(name));
  }

  /** An object. */
  public Fields object(String name) {
    Fields value = objectOrNull(name);
    if (value == null) {
      throw bad(name, "is required");
    }
    return value;
  }

  /** The objects of an array; empty where the field is absent. */
  public List<Fields> objects(String name, int max) {
    List<Fields> objects = new ArrayList<>();
    for (JsonNode item : array(name, max)) {
      objects.add(asObject(item, path(name) + "." + objects.size()));
    }
    return objects;
  }

  /** The strings of an array; empty where the field is absent. */
  public List<String> strings(String name, int maxItems, int minLength, int maxLength) {
    List<String> strings = new ArrayList<>();
    for (JsonNode item : array(name, maxItems)) {
      strings.add(checked(item, path(name) + "." + strings.size(), minLength, maxLength));
    }
    return strings;
  }

  /** An error about a field. */
  public OutcropException bad(String name, String what) {
    return invalid(path(name) + " " + what);
  }

  /** An error about a request. */
  public static OutcropException invalid(String message) {
    return new OutcropException(ServingError.REQUEST_INVALID, message);
  }

  /** An error about something that is sound but not offered. */
  public static OutcropException unsupported(String message) {
    return new OutcropException(ServingError.REQUEST_UNSUPPORTED, message);
  }

  private Iterable<JsonNode> array(String name, int max) {
    JsonNode value = raw(name);
    if (value == null) {
      return List.of();
    }
    if (!(value instanceof ArrayNode array)) {
      throw bad(name, "must be an array");
    }
    if (array.size() > max) {
      throw bad(name, "must hold at most %d items, has %d".formatted(max, array.size()));
    }
    return array;
  }

  private static Fields asObject(JsonNode value, String path) {
    if (value instanceof ObjectNode object) {
      return new Fields(object, path);
    }
    throw invalid(path + " must be an object");
  }

  private static String checked(JsonNode value, String path, int min, int max) {
    if (!value.isTextual()) {
      throw invalid(path + " must be a string");
    }
    String text = value.textValue();
    if (text.length() < min || text.length() > max) {
      throw invalid(
          "%s must have between %d and %d characters, has %d"
              .formatted(path, min, max, text.length()));
    }
    return text;
  }
}
