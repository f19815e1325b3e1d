package dev.outcrop.models.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.models.grammar.SchemaTree.Schema;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * JSON Schema 2020-12 to rules. The rules may allow less than the schema, never more: members come
 * in the order of the schema, members that the schema does not name only where it says that there
 * may be some, white space and digits only up to a length. For one schema and thread.
 */
final class SchemaRules {
  /** Schemas that say the same value on and on, by reference or choice. */
  private static final int MOST_STEPS = 300;

  static final String CIRCLE = "refers to itself without an object or array in between.";

  private final SchemaTree tree;
  private final Rules rules;
  private final Budget budget;
  private final IdentityHashMap<JsonNode, Integer> numbers = new IdentityHashMap<>();
  private final Map<Set<Integer>, Open> known = new HashMap<>();
  private final Map<Set<Integer>, Shape> shapes = new HashMap<>();
  private final ValueRules values;
  private final ObjectRules objects;
  private final ArrayRules arrays;
  private final Exclusive exclusive;
  private int level;

  /** Whether something was left out because no text may nest as deep. */
  private boolean cut;

  /** A rule that may still be in the making. */
  private static final class Open {
    final Rule.Later rule;
    final int level;
    boolean done;
    boolean cut;

    Open(Rule.Later rule, int level) {
      this.rule = rule;
      this.level = level;
    }
  }

  /** A rule that was made; one that was cut does where no more may nest in it than there. */
  private record Shape(Rule rule, int level, boolean cut) {}

  /**
   * Schemas that hold together, taken apart.
   *
   * @param said those whose own words hold
   * @param choices what is still to be chosen between
   */
  record Parts(List<Schema> said, List<Choice> choices) {}

  /**
   * Schemas to choose between.
   *
   * @param owner the schema that offers the choice
   * @param within owners of choices that led to this one
   */
  private record Choice(Schema owner, List<Schema> options, Set<JsonNode> within) {}

  SchemaRules(SchemaTree tree, Rules rules, Budget budget) {
    this.tree = tree;
    this.rules = rules;
    this.budget = budget;
    values = new ValueRules(rules, budget);
    objects = new ObjectRules(this, values, rules, budget);
    arrays = new ArrayRules(this, rules);
    exclusive = new Exclusive(this);
  }

  /**
   * The rule of a whole schema.
   *
   * @param object whether the value has to be an object
   */
  static Rule of(String text, boolean object, Rules rules, Budget budget) {
    budget.worked(1 + text.length() / 64);
    SchemaTree tree = SchemaTree.read(text);
    ObjectNode type = JsonNodeFactory.instance.objectNode().put("type", "object");
    return new SchemaRules(tree, rules, budget)
        .rule(object ? List.of(tree.root(), new Schema(type, "#")) : List.of(tree.root()));
  }

  /** The rule of schemas that hold together, one level of nesting further in. */
  Rule inner(List<Schema> schemas) {
    if (level > Position.MOST_DEPTH) {
      cut = true;
      return Rules.NOTHING; // deeper than any text may nest
    }
    level++;
    try {
      return rule(schemas);
    } finally {
      level--;
    }
  }

  private Rule rule(List<Schema> schemas) {
    Set<Integer> key = key(schemas);
    Open open = known.get(key);
    if (open != null && !(open.cut && level < open.level)) {
      if (!open.done && open.level == level) {
        throw schemas.getFirst().refused(CIRCLE);
      }
      cut |= open.cut;
      return open.done ? open.rule.target() : open.rule;
    }
    open = new Open(rules.later(), level);
    known.put(key, open);
    boolean before = cut;
    cut = false;
    open.rule.set(choose(parts(schemas), nodes()));
    open.done = true;
    open.cut = cut;
    cut |= before;
    return open.rule.target();
  }

  private Set<Integer> key(List<Schema> schemas) {
    Set<Integer> key = new HashSet<>();
    for (Schema schema : schemas) {
      key.add(numbers.computeIfAbsent(schema.node(), _ -> numbers.size()));
    }
    return key;
  }

  /** Takes schemas apart until nothing is left but their own words and their choices. */
  Parts parts(List<Schema> schemas) {
    Parts parts = new Parts(new ArrayList<>(), new ArrayList<>());
    for (Schema schema : schemas) {
      take(schema, parts, nodes(), nodes());
    }
    return parts;
  }

  private static Set<JsonNode> nodes() {
    return Collections.newSetFromMap(new IdentityHashMap<>());
  }

  /** The same once the first choice was made; those made before hold without a second look. */
  private Parts chosen(Parts parts, Schema option, Set<JsonNode> made) {
    Choice first = parts.choices.getFirst();
    Set<JsonNode> within = nodes();
    within.addAll(first.within);
    within.add(first.owner.node());
    Parts more = parts(List.of(option));
    Set<JsonNode> seen = nodes();
    List<Schema> said = new ArrayList<>();
    for (List<Schema> some : List.of(parts.said, more.said)) {
      for (Schema schema : some) {
        if (seen.add(schema.node())) {
          said.add(schema);
        }
      }
    }
    List<Choice> choices = new ArrayList<>();
    for (Choice choice : more.choices) {
      if (within.contains(choice.owner.node())) {
        throw choice.owner.refused(CIRCLE);
      }
      if (!made.contains(choice.owner.node())) {
        choices.add(new Choice(choice.owner, choice.options, within));
      }
    }
    choices.addAll(parts.choices.subList(1, parts.choices.size()));
    return new Parts(said, choices);
  }

  private void take(Schema schema, Parts parts, Set<JsonNode> seen, Set<JsonNode> open) {
    budget.made();
    JsonNode node = schema.node();
    if (open.contains(node)) {
      throw schema.refused(CIRCLE);
    }
    if (!node.isBoolean() && !seen.add(node)) {
      return;
    }
    if (open.size() > MOST_STEPS) {
      throw Refusals.tooComplex();
    }
    tree.check(schema);
    if (node.isBoolean() || SchemaTree.OWN.stream().anyMatch(node::has)) {
      parts.said.add(schema);
    }
    open.add(node);
    if (node.has("$ref")) {
      take(tree.resolve(schema, node.get("$ref")), parts, seen, open);
    }
    for (Schema part : list(schema, "allOf")) {
      take(part, parts, seen, open);
    }
    open.remove(node);
    if (node.has("anyOf")) {
      parts.choices.add(new Choice(schema, list(schema, "anyOf"), nodes()));
    }
    if (node.has("oneOf")) {
      List<Schema> options = exclusive.apart(schema, list(schema, "oneOf"));
      parts.choices.add(new Choice(schema, options, nodes()));
    }
  }

  static List<Schema> list(Schema schema, String word) {
    JsonNode list = schema.node().path(word);
    if (list.isMissingNode()) {
      return List.of();
    }
    if (!list.isArray() || list.isEmpty()) {
      throw schema.refused("has '%s' that is no array with something in it.".formatted(word));
    }
    List<Schema> all = new ArrayList<>();
    for (int i = 0; i < list.size(); i++) {
      all.add(schema.part(list.get(i), word, String.valueOf(i)));
    }
    return all;
  }

  private Rule choose(Parts parts, Set<JsonNode> made) {
    if (parts.choices.isEmpty()) {
      return shape(parts.said);
    }
    if (made.size() > MOST_STEPS) {
      throw Refusals.tooComplex();
    }
    JsonNode owner = parts.choices.getFirst().owner.node();
    made.add(owner);
    List<Rule> rest = new ArrayList<>();
    Set<Set<Integer>> taken = new HashSet<>();
    for (Schema option : parts.choices.getFirst().options) {
      Parts more = chosen(parts, option, made);
      if (!more.choices.isEmpty() || taken.add(key(more.said))) {
        rest.add(choose(more, made));
      }
    }
    made.remove(owner);
    return rules.or(rest);
  }

  private Rule shape(List<Schema> said) {
    Set<Integer> key = key(said);
    Shape done = shapes.get(key);
    if (done != null && !(done.cut && level < done.level)) {
      cut |= done.cut;
      return done.rule;
    }
    boolean before = cut;
    cut = false;
    Rule made = make(new Facts(said));
    shapes.put(key, new Shape(made, level, cut));
    cut |= before;
    return made;
  }

  private Rule make(Facts facts) {
    List<JsonNode> listed = facts.values;
    if (listed != null) {
      Rule rest = facts.saysMore ? shapeOf(facts) : null;
      return values.oneOf(listed, facts.kinds, rest);
    }
    return shapeOf(facts);
  }

  private Rule shapeOf(Facts facts) {
    if (facts.kinds == Facts.ALL && !facts.saysMore) {
      return Rules.ANY;
    }
    List<Rule> kinds = new ArrayList<>();
    if ((facts.kinds & Facts.OBJECT) != 0) {
      kinds.add(objects.object(facts));
    }
    if ((facts.kinds & Facts.ARRAY) != 0) {
      kinds.add(arrays.array(facts));
    }
    if ((facts.kinds & Facts.STRING) != 0) {
      kinds.add(values.string(facts));
    }
    if ((facts.kinds & (Facts.WHOLE | Facts.FRACTION)) != 0) {
      kinds.add(values.number(facts));
    }
    if ((facts.kinds & Facts.BOOLEAN) != 0) {
      kinds.add(rules.lexeme(Lexemes.BOOLEAN));
    }
    if ((facts.kinds & Facts.NULL) != 0) {
      kinds.add(rules.lexeme(Lexemes.NULL));
    }
    return rules.or(kinds);
  }

  /** A schema and all that it may apply to the same value. */
  Set<JsonNode> within(Schema schema) {
    return tree.within(schema);
  }

  /** What schemas say in any case: without their choices, which would only say more. */
  Facts surely(List<Schema> together) {
    List<Schema> said = new ArrayList<>();
    List<Schema> todo = new ArrayList<>(together);
    Set<JsonNode> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    while (!todo.isEmpty()) {
      Schema schema = todo.removeLast();
      budget.made();
      if (seen.add(schema.node())) {
        said.add(schema);
        if (schema.node().has("$ref")) {
          todo.add(tree.resolve(schema, schema.node().get("$ref")));
        }
        todo.addAll(list(schema, "allOf"));
      }
    }
    return new Facts(said);
  }

  /** Every way to choose, up to a number; null where there are more. */
  @Nullable List<Facts> ways(List<Schema> schemas, int most) {
    List<Facts> ways = new ArrayList<>();
    return ways(parts(schemas), nodes(), ways, most) ? ways : null;
  }

  private boolean ways(Parts parts, Set<JsonNode> made, List<Facts> ways, int most) {
    if (parts.choices.isEmpty()) {
      ways.add(new Facts(parts.said));
      return ways.size() <= most;
    }
    JsonNode owner = parts.choices.getFirst().owner.node();
    made.add(owner);
    for (Schema option : parts.choices.getFirst().options) {
      if (!ways(chosen(parts, option, made), made, ways, most)) {
        return false;
      }
    }
    made.remove(owner);
    return true;
  }
}
