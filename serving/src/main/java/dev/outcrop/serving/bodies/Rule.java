package dev.outcrop.serving.bodies;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;

/** What a key of a native body holds. Immutable. */
sealed interface Rule {
  /** What breaks the rule, in the words of Bedrock's validator; empty where nothing does. */
  Optional<String> violation(JsonNode value);

  /**
   * A text.
   *
   * @param min the fewest characters
   */
  record Text(int min) implements Rule {
    @Override
    public Optional<String> violation(JsonNode value) {
      if (!value.isTextual()) {
        return wrongType("String", value);
      }
      int length = value.textValue().length();
      return length < min
          ? Optional.of("expected minLength: %d, actual: %d".formatted(min, length))
          : Optional.empty();
    }
  }

  /** A whole number within bounds. */
  record Whole(long min, long max) implements Rule {
    @Override
    public Optional<String> violation(JsonNode value) {
      return value.isNumber() && value.canConvertToExactIntegral()
          ? outOf(min, max, value)
          : wrongType("Integer", value);
    }
  }

  /** A number within bounds. */
  record Decimal(int min, int max) implements Rule {
    @Override
    public Optional<String> violation(JsonNode value) {
      return value.isNumber() && Double.isFinite(value.doubleValue())
          ? outOf(min, max, value)
          : wrongType("Number", value);
    }
  }

  /** True or false. */
  record Flag() implements Rule {
    @Override
    public Optional<String> violation(JsonNode value) {
      return value.isBoolean() ? Optional.empty() : wrongType("Boolean", value);
    }
  }

  /** A list; what is in it is looked at when it is read. */
  record Items() implements Rule {
    @Override
    public Optional<String> violation(JsonNode value) {
      return value.isArray() ? Optional.empty() : wrongType("JSONArray", value);
    }
  }

  /** An object; what is in it is looked at when it is read. */
  record Members() implements Rule {
    @Override
    public Optional<String> violation(JsonNode value) {
      return value.isObject() ? Optional.empty() : wrongType("JSONObject", value);
    }
  }

  private static Optional<String> outOf(long min, long max, JsonNode value) {
    if (value.doubleValue() < min) {
      return Optional.of("%s is not greater or equal to %d".formatted(value.asText(), min));
    }
    return value.doubleValue() > max
        ? Optional.of("%s is not less or equal to %d".formatted(value.asText(), max))
        : Optional.empty();
  }

  private static Optional<String> wrongType(String expected, JsonNode value) {
    String found =
        switch (value.getNodeType()) {
          case OBJECT -> "JSONObject";
          case ARRAY -> "JSONArray";
          case STRING -> "String";
          case BOOLEAN -> "Boolean";
          case NUMBER ->
              value.canConvertToExactIntegral()
                  ? value.canConvertToInt() ? "Integer" : "Long"
                  : "Double";
          case NULL, MISSING, BINARY, POJO -> "Null";
        };
    return Optional.of("expected type: %s, found: %s".formatted(expected, found));
  }
}
