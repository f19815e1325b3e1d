package dev.outcrop.serving.bodies;

import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Violations;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What the keys of a native body hold. Bedrock holds such bodies to JSON Schemas; what breaks one
 * is said in its validator's words. Immutable.
 *
 * @param required the key that a body must have, empty for none
 * @param rules what each key holds
 */
record BodySchema(String required, Map<String, Rule> rules) {
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
    Violations violations = new Violations();
    if (!required.isEmpty() && !body.has(required)) {
      violations.missing(required);
    }
    for (String name : body.names()) {
      Rule rule = rules.get(name);
      if (rule == null) {
        violations.extraneous(body, pointer(body.path()), name);
      } else {
        rule.violation(body.node().get(name))
            .ifPresent(what -> violations.wrong(pointer(body.path(name)), what));
      }
    }
    violations.refuse();
  }

  private static String pointer(String path) {
    return path.replace('.', '/');
  }
}
