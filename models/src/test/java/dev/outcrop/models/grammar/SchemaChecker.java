package dev.outcrop.models.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Says whether a value fulfils a JSON Schema, by the words of the specification and nothing of what
 * is tested here. Knows the words that the tests use; others make it fail.
 */
final class SchemaChecker {
  private final JsonNode root;

  SchemaChecker(JsonNode root) {
    this.root = root;
  }

  boolean valid(JsonNode value) {
    return valid(root, value);
  }

  private boolean valid(JsonNode schema, JsonNode value) {
    if (schema.isBoolean()) {
      return schema.booleanValue();
    }
    for (Map.Entry<String, JsonNode> word : schema.properties()) {
      if (!holds(schema, word.getKey(), word.getValue(), value)) {
        return false;
      }
    }
    return true;
  }

  private boolean holds(JsonNode schema, String word, JsonNode says, JsonNode value) {
    return switch (word) {
      case "$ref" -> valid(target(says.textValue()), value);
      case "allOf" -> count(says, value) == says.size();
      case "anyOf" -> count(says, value) > 0;
      case "oneOf" -> count(says, value) == 1;
      case "type" -> says.isArray() ? any(says, value) : isType(says.textValue(), value);
      case "const" -> same(says, value);
      case "enum" -> {
        boolean found = false;
        for (JsonNode one : says) {
          found |= same(one, value);
        }
        yield found;
      }
      case "properties" -> {
        boolean all = true;
        for (Map.Entry<String, JsonNode> entry : says.properties()) {
          all &= !value.has(entry.getKey()) || valid(entry.getValue(), value.get(entry.getKey()));
        }
        yield all;
      }
      case "patternProperties" -> {
        boolean all = true;
        for (Map.Entry<String, JsonNode> entry : says.properties()) {
          for (Map.Entry<String, JsonNode> member : members(value)) {
            all &=
                !found(entry.getKey(), member.getKey())
                    || valid(entry.getValue(), member.getValue());
          }
        }
        yield all;
      }
      case "additionalProperties" -> {
        boolean all = true;
        for (Map.Entry<String, JsonNode> member : members(value)) {
          boolean named = schema.path("properties").has(member.getKey());
          for (Map.Entry<String, JsonNode> pattern :
              schema.path("patternProperties").properties()) {
            named |= found(pattern.getKey(), member.getKey());
          }
          all &= named || valid(says, member.getValue());
        }
        yield all;
      }
      case "propertyNames" -> {
        boolean all = true;
        for (Map.Entry<String, JsonNode> member : members(value)) {
          all &= valid(says, com.fasterxml.jackson.databind.node.TextNode.valueOf(member.getKey()));
        }
        yield all;
      }
      case "required" -> {
        boolean all = true;
        for (JsonNode name : says) {
          all &= !value.isObject() || value.has(name.textValue());
        }
        yield all;
      }
      case "minProperties" -> !value.isObject() || value.size() >= says.intValue();
      case "maxProperties" -> !value.isObject() || value.size() <= says.intValue();
      case "prefixItems" -> {
        boolean all = true;
        for (int i = 0; value.isArray() && i < Math.min(says.size(), value.size()); i++) {
          all &= valid(says.get(i), value.get(i));
        }
        yield all;
      }
      case "items" -> {
        boolean all = true;
        for (int i = schema.path("prefixItems").size(); value.isArray() && i < value.size(); i++) {
          all &= valid(says, value.get(i));
        }
        yield all;
      }
      case "minItems" -> !value.isArray() || value.size() >= says.intValue();
      case "maxItems" -> !value.isArray() || value.size() <= says.intValue();
      case "minLength" -> !value.isTextual() || length(value) >= says.intValue();
      case "maxLength" -> !value.isTextual() || length(value) <= says.intValue();
      case "pattern" -> !value.isTextual() || found(says.textValue(), value.textValue());
      case "format" -> !value.isTextual() || format(says.textValue(), value.textValue());
      case "minimum" -> !value.isNumber() || order(value, says) >= 0;
      case "maximum" -> !value.isNumber() || order(value, says) <= 0;
      case "exclusiveMinimum" -> !value.isNumber() || order(value, says) > 0;
      case "exclusiveMaximum" -> !value.isNumber() || order(value, says) < 0;
      case "multipleOf" ->
          !value.isNumber() || value.decimalValue().remainder(says.decimalValue()).signum() == 0;
      case "$defs", "definitions", "title", "description", "default", "$schema" -> true;
      default -> throw new AssertionError("the checker does not know " + word);
    };
  }

  private JsonNode target(String reference) {
    return reference.equals("#") ? root : root.at(reference.substring(1));
  }

  private int count(JsonNode schemas, JsonNode value) {
    int count = 0;
    for (JsonNode schema : schemas) {
      count += valid(schema, value) ? 1 : 0;
    }
    return count;
  }

  private static boolean any(JsonNode types, JsonNode value) {
    boolean any = false;
    for (JsonNode type : types) {
      any |= isType(type.textValue(), value);
    }
    return any;
  }

  private static boolean isType(String type, JsonNode value) {
    return switch (type) {
      case "null" -> value.isNull();
      case "boolean" -> value.isBoolean();
      case "object" -> value.isObject();
      case "array" -> value.isArray();
      case "string" -> value.isTextual();
      case "number" -> value.isNumber();
      case "integer" ->
          value.isNumber() && value.decimalValue().remainder(BigDecimal.ONE).signum() == 0;
      default -> throw new AssertionError("no type " + type);
    };
  }

  private static boolean same(JsonNode a, JsonNode b) {
    if (a.isNumber() && b.isNumber()) {
      return order(a, b) == 0;
    }
    if (a.isArray() && b.isArray() && a.size() == b.size()) {
      boolean all = true;
      for (int i = 0; i < a.size(); i++) {
        all &= same(a.get(i), b.get(i));
      }
      return all;
    }
    if (a.isObject() && b.isObject() && a.size() == b.size()) {
      boolean all = true;
      for (Map.Entry<String, JsonNode> entry : a.properties()) {
        all &= b.has(entry.getKey()) && same(entry.getValue(), b.get(entry.getKey()));
      }
      return all;
    }
    return a.equals(b);
  }

  private static int order(JsonNode a, JsonNode b) {
    return a.decimalValue().compareTo(b.decimalValue());
  }

  private static int length(JsonNode text) {
    return text.textValue().codePointCount(0, text.textValue().length());
  }

  private static boolean found(String pattern, String text) {
    return Pattern.compile(pattern).matcher(text).find();
  }

  private static List<Map.Entry<String, JsonNode>> members(JsonNode value) {
    return new ArrayList<>(value.properties());
  }

  private static boolean format(String name, String text) {
    try {
      return switch (name) {
        case "date" -> LocalDate.parse(text) != null;
        case "date-time" -> OffsetDateTime.parse(text) != null;
        case "time" -> java.time.OffsetTime.parse(text) != null;
        case "uuid" -> java.util.UUID.fromString(text).toString().equalsIgnoreCase(text);
        case "ipv4", "ipv6" ->
            java.net.InetAddress.ofLiteral(text).getAddress().length
                == (name.equals("ipv4") ? 4 : 16);
        case "uri" -> java.net.URI.create(text).isAbsolute();
        case "hostname" -> text.matches("[A-Za-z0-9.-]{1,253}") && !text.startsWith("-");
        case "email" -> text.matches("[^@\\s]+@[^@\\s]+\\.[^@\\s]+");
        case "duration" -> {
          int time = text.indexOf('T');
          yield text.matches(
                  "P(?!$)(\\d+W|(\\d+Y)?(\\d+M)?(\\d+D)?(T(?=\\d)(\\d+H)?(\\d+M)?(\\d+S)?)?)")
              && time != text.length() - 1;
        }
        default -> throw new AssertionError("no format " + name);
      };
    } catch (DateTimeException | IllegalArgumentException e) {
      return false;
    }
  }
}
