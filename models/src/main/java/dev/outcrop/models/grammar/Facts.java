package dev.outcrop.models.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outcrop.models.grammar.SchemaTree.Schema;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * What some schemas that hold together say, but for what they choose between: every word of theirs,
 * put together by kind. For one thread.
 */
final class Facts {
  /** Kinds of JSON values, as bits; a number is whole or not. */
  static final int NULL = 1;

  static final int BOOLEAN = 2;
  static final int OBJECT = 4;
  static final int ARRAY = 8;
  static final int STRING = 16;
  static final int WHOLE = 32;
  static final int FRACTION = 64;
  static final int ALL = 127;

  private static final Map<String, Integer> KIND_OF_TYPE =
      Map.of(
          "null", NULL,
          "boolean", BOOLEAN,
          "object", OBJECT,
          "array", ARRAY,
          "string", STRING,
          "integer", WHOLE,
          "number", WHOLE | FRACTION);

  private static final Map<Integer, Set<String>> WORDS_OF_KIND =
      Map.of(
          OBJECT,
          Set.of(
              "properties",
              "required",
              "additionalProperties",
              "unevaluatedProperties",
              "patternProperties",
              "propertyNames",
              "minProperties",
              "maxProperties"),
          ARRAY,
          Set.of("items", "prefixItems", "minItems", "maxItems", "uniqueItems"),
          STRING,
          Set.of("minLength", "maxLength", "pattern", "format"),
          WHOLE | FRACTION,
          Set.of("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"));

  final List<Schema> schemas;
  int kinds = ALL;

  /** The same without what was guessed from the words. */
  final int statedKinds;

  @Nullable List<JsonNode> values;

  /** Whether anything but its kind and its values is said of the value. */
  boolean saysMore;

  Facts(List<Schema> schemas) {
    this.schemas = schemas;
    int implied = 0;
    boolean typed = false;
    for (Schema schema : schemas) {
      JsonNode node = schema.node();
      if (node.isBoolean()) {
        kinds = node.booleanValue() ? kinds : 0;
        continue;
      }
      for (Map.Entry<Integer, Set<String>> entry : WORDS_OF_KIND.entrySet()) {
        if (entry.getValue().stream().anyMatch(node::has)) {
          implied |= entry.getKey();
          saysMore = true;
        }
      }
      if (node.has("type")) {
        typed = true;
        kinds &= kindsOf(schema, node.get("type"));
      }
      readValues(schema, node);
    }
    if (values != null) {
      kinds &= values.stream().mapToInt(Facts::kindOf).reduce(0, (a, b) -> a | b);
    }
    statedKinds = kinds;
    // A schema of object words alone allows everything that is no object. Nobody means that.
    if (!typed && values == null && implied != 0) {
      kinds &= implied;
    }
  }

  private static int kindsOf(Schema schema, JsonNode type) {
    int kinds = 0;
    for (JsonNode name : type.isArray() ? type : List.of(type)) {
      Integer kind = name.isTextual() ? KIND_OF_TYPE.get(name.textValue()) : null;
      if (kind == null) {
        throw schema.refused("has a 'type' that is none of JSON Schema.");
      }
      kinds |= kind;
    }
    return kinds;
  }

  private void readValues(Schema schema, JsonNode node) {
    if (node.has("const")) {
      restrict(List.of(node.get("const")));
    }
    if (node.has("enum")) {
      if (!node.get("enum").isArray()) {
        throw schema.refused("has an 'enum' that is no array.");
      }
      List<JsonNode> listed = new ArrayList<>();
      node.get("enum").forEach(listed::add);
      restrict(listed);
    }
  }

  private void restrict(List<JsonNode> to) {
    List<JsonNode> before = values;
    if (before == null) {
      values = to;
      return;
    }
    Set<Object> keys = new LinkedHashSet<>();
    before.forEach(value -> keys.add(key(value)));
    values = to.stream().filter(value -> keys.contains(key(value))).toList();
  }

  /** A value as a key: equal for values that JSON Schema takes for equal. */
  static Object key(JsonNode value) {
    if (value.isNumber()) {
      BigDecimal number = value.decimalValue();
      return number.signum() == 0 ? BigDecimal.ZERO : number.stripTrailingZeros();
    }
    if (value.isArray()) {
      return StreamSupport.stream(value.spliterator(), false).map(Facts::key).toList();
    }
    if (value.isObject()) {
      Map<String, Object> members = new TreeMap<>();
      value.properties().forEach(entry -> members.put(entry.getKey(), key(entry.getValue())));
      return members;
    }
    return value;
  }

  static int kindOf(JsonNode value) {
    return switch (value.getNodeType()) {
      case NULL -> NULL;
      case BOOLEAN -> BOOLEAN;
      case OBJECT -> OBJECT;
      case ARRAY -> ARRAY;
      case NUMBER -> isWhole(value.decimalValue()) ? WHOLE : FRACTION;
      default -> STRING;
    };
  }

  static boolean isWhole(BigDecimal number) {
    return number.signum() == 0 || number.stripTrailingZeros().scale() <= 0;
  }

  /** The names that have to be there. */
  Set<String> required() {
    Set<String> names = new LinkedHashSet<>();
    for (Schema schema : schemas) {
      JsonNode list = schema.node().path("required");
      if (!list.isMissingNode() && !list.isArray()) {
        throw schema.refused("has a 'required' that is no array.");
      }
      for (JsonNode name : list) {
        if (!name.isTextual()) {
          throw schema.refused("has a 'required' that does not hold strings alone.");
        }
        names.add(name.textValue());
      }
    }
    return names;
  }

  /** The names that are spoken of, in their order, each with what is said of its value. */
  Map<String, List<Schema>> properties() {
    Map<String, List<Schema>> all = new LinkedHashMap<>();
    for (Schema schema : schemas) {
      for (Map.Entry<String, JsonNode> entry : members(schema, "properties")) {
        all.computeIfAbsent(entry.getKey(), _ -> new ArrayList<>())
            .add(schema.part(entry.getValue(), "properties", entry.getKey()));
      }
    }
    return all;
  }

  /** The members of an object that a schema has under a word. */
  static Collection<Map.Entry<String, JsonNode>> members(Schema schema, String word) {
    JsonNode object = schema.node().path(word);
    if (!object.isMissingNode() && !object.isObject()) {
      throw schema.refused("has '%s' that is no object.".formatted(word));
    }
    return object.properties();
  }

  /** The largest (or least) of the whole numbers under a word. */
  int number(String word, boolean largest, int otherwise) {
    int found = otherwise;
    for (Schema schema : schemas) {
      JsonNode number = schema.node().path(word);
      if (number.isMissingNode()) {
        continue;
      }
      if (!number.isNumber()
          || number.decimalValue().signum() < 0
          || !isWhole(number.decimalValue())) {
        throw schema.refused("has a '%s' that is no whole number from 0 on.".formatted(word));
      }
      BigDecimal most = BigDecimal.valueOf(Integer.MAX_VALUE);
      int value = number.decimalValue().min(most).intValue();
      found = largest ? Math.max(found, value) : Math.min(found, value);
    }
    return found;
  }
}
