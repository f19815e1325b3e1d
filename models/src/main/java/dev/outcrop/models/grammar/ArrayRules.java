package dev.outcrop.models.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outcrop.models.grammar.SchemaTree.Schema;
import java.util.ArrayList;
import java.util.List;

/** Rules of arrays. For one schema and thread. */
final class ArrayRules {
  private final SchemaRules schemas;
  private final Rules rules;

  ArrayRules(SchemaRules schemas, Rules rules) {
    this.schemas = schemas;
    this.rules = rules;
  }

  /** The arrays that fulfil everything. */
  Rule array(Facts facts) {
    int least = facts.number("minItems", true, 0);
    int most = facts.number("maxItems", false, Rule.Repeat.FOREVER);
    List<List<Schema>> first = new ArrayList<>();
    int prefix = 0;
    boolean items = false;
    for (Schema schema : facts.schemas) {
      JsonNode node = schema.node();
      boolean unique = node.path("uniqueItems").asBoolean();
      if (unique && most > 1) {
        throw schema.refused("has 'uniqueItems', which cannot be enforced here.");
      }
      if (node.has("items") && !node.get("items").isObject() && !node.get("items").isBoolean()) {
        throw schema.refused("has 'items' that is no schema; for a list of them take prefixItems.");
      }
      prefix = Math.max(prefix, SchemaRules.list(schema, "prefixItems").size());
      items |= node.has("items");
    }
    for (int i = 0; i < prefix; i++) {
      first.add(element(facts, i));
    }
    List<Rule> firstRules = new ArrayList<>();
    for (List<Schema> element : first) {
      firstRules.add(element.isEmpty() ? Rules.ANY : schemas.inner(element));
    }
    List<Schema> others = element(facts, Integer.MAX_VALUE);
    boolean closed =
        others.stream().anyMatch(s -> s.node().isBoolean() && !s.node().booleanValue());
    // Where only the first elements are described, no others come unless they have to.
    boolean none = most <= prefix || closed || (prefix > 0 && !items && least <= prefix);
    Rule rest = none ? null : others.isEmpty() ? Rules.ANY : schemas.inner(others);
    return rules.array(firstRules, rest, least, most);
  }

  /** What is said of an element of an array. */
  private static List<Schema> element(Facts facts, int index) {
    List<Schema> said = new ArrayList<>();
    for (Schema schema : facts.schemas) {
      List<Schema> prefix = SchemaRules.list(schema, "prefixItems");
      if (index < prefix.size()) {
        said.add(prefix.get(index));
      } else if (schema.node().has("items")) {
        said.add(schema.part(schema.node().get("items"), "items"));
      }
    }
    return said;
  }
}
