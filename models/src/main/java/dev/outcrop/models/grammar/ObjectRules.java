package dev.outcrop.models.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outcrop.models.grammar.SchemaTree.Schema;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Rules of objects. For one schema and thread. */
final class ObjectRules {
  private final SchemaRules schemas;
  private final ValueRules values;
  private final Rules rules;
  private final Budget budget;

  ObjectRules(SchemaRules schemas, ValueRules values, Rules rules, Budget budget) {
    this.schemas = schemas;
    this.values = values;
    this.rules = rules;
    this.budget = budget;
  }

  /** Values of members whose names hold a match of a pattern. */
  private record ByPattern(Schema owner, Dfa names, Schema value) {}

  /**
   * Whether members may come that the schemas do not name: where one of them says so, or none names
   * any.
   */
  static boolean isOpen(Facts facts) {
    boolean said = false;
    boolean named = false;
    for (Schema schema : facts.schemas) {
      JsonNode node = schema.node();
      JsonNode additional = node.path("additionalProperties");
      JsonNode unevaluated = node.path("unevaluatedProperties");
      if (!unevaluated.isMissingNode() && !unevaluated.isBoolean()) {
        throw schema.refused(
            "has 'unevaluatedProperties' that is no boolean, which cannot be enforced here.");
      }
      if (isFalse(unevaluated) || (isFalse(additional) && !node.has("patternProperties"))) {
        return false;
      }
      said |= !additional.isMissingNode() || node.has("patternProperties");
      named |= node.has("properties");
    }
    return said || !named;
  }

  private static boolean isFalse(JsonNode node) {
    return node.isBoolean() && !node.booleanValue();
  }

  /** The objects that fulfil everything. */
  Rule object(Facts facts) {
    Set<String> required = facts.required();
    Set<String> names = new LinkedHashSet<>(facts.properties().keySet());
    names.addAll(required);
    List<ByPattern> patterns = patterns(facts);
    Dfa allowed = allowedNames(facts);
    List<Set<JsonNode>> closing =
        facts.schemas.stream()
            .filter(schema -> isFalse(schema.node().path("unevaluatedProperties")))
            .map(schemas::within)
            .toList();
    List<Rules.Member> members = new ArrayList<>();
    for (String name : names) {
      Dfa spelled = values.name(name);
      boolean fits =
          (allowed == null || allowed.accepts(JsonText.quoted(name)))
              && closing.stream().allMatch(within -> isNamed(facts, name, patterns, within));
      Rule value = fits ? member(facts, name, patterns) : Rules.NOTHING;
      members.add(new Rules.Member(spelled, value, required.contains(name)));
    }
    List<Rule> extra = isOpen(facts) ? extras(facts, names, patterns, allowed) : List.of();
    int least = facts.number("minProperties", true, 0);
    int most = facts.number("maxProperties", false, Rule.Repeat.FOREVER);
    int mostExtra = extra.isEmpty() ? 0 : Rule.Repeat.FOREVER;
    if (most < members.size() || (mostExtra > 0 && most != Rule.Repeat.FOREVER)) {
      if (members.size() != required.size()) {
        throw refused(facts, "maxProperties");
      }
      mostExtra = most - members.size();
    }
    if (least > Math.max(1, required.size())) {
      throw refused(facts, "minProperties");
    }
    return mostExtra < 0
        ? Rules.NOTHING
        : rules.object(members, extra.isEmpty() ? null : rules.or(extra), mostExtra, least > 0);
  }

  /** Whether a member is one that some of the schemas speak of. */
  private static boolean isNamed(
      Facts facts, String name, List<ByPattern> patterns, Set<JsonNode> within) {
    return facts.schemas.stream()
        .filter(schema -> within.contains(schema.node()))
        .anyMatch(
            schema ->
                schema.node().path("properties").has(name)
                    || schema.node().has("additionalProperties")
                    || patterns.stream()
                        .anyMatch(
                            pattern ->
                                pattern.owner.equals(schema)
                                    && pattern.names.accepts(JsonText.quoted(name))));
  }

  private static RuntimeException refused(Facts facts, String word) {
    for (Schema schema : facts.schemas) {
      if (schema.node().has(word)) {
        return schema.refused("has '%s' in a way that cannot be enforced here.".formatted(word));
      }
    }
    throw new IllegalStateException("nobody said " + word);
  }

  private List<ByPattern> patterns(Facts facts) {
    List<ByPattern> all = new ArrayList<>();
    for (Schema schema : facts.schemas) {
      for (Map.Entry<String, JsonNode> entry : Facts.members(schema, "patternProperties")) {
        all.add(
            new ByPattern(
                schema,
                values.pattern(entry.getKey()),
                schema.part(entry.getValue(), "patternProperties", entry.getKey())));
      }
    }
    return all;
  }

  /** The value of a member by its name. */
  private Rule member(Facts facts, String name, List<ByPattern> patterns) {
    List<Schema> said = new ArrayList<>();
    for (Schema schema : facts.schemas) {
      int before = said.size();
      JsonNode own = schema.node().path("properties").path(name);
      if (!own.isMissingNode()) {
        said.add(schema.part(own, "properties", name));
      }
      for (ByPattern pattern : patterns) {
        if (pattern.owner.equals(schema) && pattern.names.accepts(JsonText.quoted(name))) {
          said.add(pattern.value);
        }
      }
      if (said.size() == before && schema.node().has("additionalProperties")) {
        said.add(schema.part(schema.node().get("additionalProperties"), "additionalProperties"));
      }
    }
    return said.isEmpty() ? Rules.ANY : schemas.inner(said);
  }

  /** Names as {@code propertyNames} has them, or null for all. */
  private @Nullable Dfa allowedNames(Facts facts) {
    Dfa all = null;
    for (Schema schema : facts.schemas) {
      JsonNode node = schema.node().path("propertyNames");
      if (node.isMissingNode()) {
        continue;
      }
      Schema names = schema.part(node, "propertyNames");
      SchemaRules.Parts parts = schemas.parts(List.of(names));
      if (!parts.choices().isEmpty()) {
        throw names.refused("has a choice, which cannot be enforced for names.");
      }
      Dfa one = values.names(new Facts(parts.said()));
      if (one != null) {
        all = all == null ? one : all.and(one, budget);
      }
    }
    return all;
  }

  /** The members that no schema names, one rule for each kind of names. */
  private List<Rule> extras(
      Facts facts, Set<String> names, List<ByPattern> patterns, @Nullable Dfa allowed) {
    Dfa free = Lexemes.NAME;
    if (!names.isEmpty()) {
      free = free.minus(Dfa.ofTexts(names.stream().map(JsonText::quoted).toList(), budget), budget);
    }
    free = allowed == null ? free : free.and(allowed, budget);
    List<Rule> extras = new ArrayList<>();
    for (ByPattern pattern : patterns) {
      Dfa here = free.and(pattern.names, budget);
      for (ByPattern other : patterns) {
        if (!other.equals(pattern)) {
          here = here.minus(other.names, budget); // a name of both would have to fulfil both
        }
      }
      List<Schema> said = new ArrayList<>(List.of(pattern.value));
      said.addAll(additional(facts, pattern.owner));
      extras.add(extra(here, said));
    }
    for (ByPattern pattern : patterns) {
      free = free.minus(pattern.names, budget);
    }
    extras.add(extra(free, additional(facts, null)));
    return extras;
  }

  private Rule extra(Dfa names, List<Schema> said) {
    Rule value = said.isEmpty() ? Rules.ANY : schemas.inner(said);
    return rules.member(new Rules.Member(names, value, false));
  }

  private static List<Schema> additional(Facts facts, @Nullable Schema but) {
    List<Schema> said = new ArrayList<>();
    for (Schema schema : facts.schemas) {
      if (schema.node().has("additionalProperties") && !schema.equals(but)) {
        said.add(schema.part(schema.node().get("additionalProperties"), "additionalProperties"));
      }
    }
    return said;
  }
}
