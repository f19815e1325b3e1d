package dev.outcrop.serving.bodies;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outcrop.serving.json.Fields;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the keys of a native body hold. Bedrock holds such bodies to JSON Schemas; what breaks one
 * is said in its validator's words. Immutable.
 *
 * @param required the key that a body must have, empty for none
 * @param rules what each key holds
 */
record BodySchema(String required, Map<String, Rule> rules) {
  /** What Bedrock itself reads of a body, whatever the family. */
  private static final String RESERVED = "amazon-bedrock-";

  /** A schema of the keys that are added to it, the first of which is required. */
  static BodySchema requiring(String name, Rule rule) {
    return new BodySchema(name, Map.of(name, rule));
  }

  /** A schema of the keys that are added to it, none of which is required. */
  static BodySchema optional() {
    return new BodySchema("", Map.of());
  }

  /** This schema with one more key. */
  BodySchema with(String name, Rule rule) {
    Map<String, Rule> more = new LinkedHashMap<>(rules);
    more.put(name, rule);
    return new BodySchema(required, more);
  }

  /** Refuses a body that breaks this schema. A key that is null counts as absent. */
  void check(Fields body) {
    List<String> violations = new ArrayList<>();
    if (!required.isEmpty() && !body.has(required)) {
      violations.add("#: required key [%s] not found".formatted(required));
    }
    for (String name : body.names()) {
      Rule rule = rules.get(name);
      if (rule != null) {
        JsonNode value = body.node().get(name);
        rule.violation(value).ifPresent(what -> violations.add(pointer(body, name) + what));
      } else if (!name.startsWith(RESERVED) || !body.path().isEmpty()) {
        violations.add(pointer(body, "") + "extraneous key [%s] is not permitted".formatted(name));
      }
    }
    if (!violations.isEmpty()) {
      throw Fields.invalid(
          "Malformed input request: %s, please reformat your input and try again."
              .formatted(String.join("", violations)));
    }
  }

  private static String pointer(Fields body, String name) {
    String path = name.isEmpty() ? body.path() : body.path(name);
    return path.isEmpty() ? "#: " : "#/" + path.replace('.', '/') + ": ";
  }
}
