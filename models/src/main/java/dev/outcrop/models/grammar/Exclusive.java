package dev.outcrop.models.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.models.grammar.SchemaTree.Schema;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * {@code oneOf}: a value of one choice must not be one of another. The choices are told apart by
 * kind, by listed values, or by a member; where that fails the schema is refused. For one schema
 * and thread.
 */
final class Exclusive {
  private static final int MOST_WAYS = 32;

  private final SchemaRules schemas;
  private final IdentityHashMap<JsonNode, @Nullable List<Schema>> known = new IdentityHashMap<>();

  Exclusive(SchemaRules schemas) {
    this.schemas = schemas;
  }

  /** The choices, narrowed so that no value of one is a value of another. */
  List<Schema> apart(Schema owner, List<Schema> choices) {
    if (known.containsKey(owner.node())) {
      List<Schema> done = known.get(owner.node());
      if (done == null) {
        throw owner.refused(SchemaRules.CIRCLE);
      }
      return done;
    }
    known.put(owner.node(), null);
    List<Schema> apart = choices.size() == 1 ? choices : tell(owner, choices);
    known.put(owner.node(), apart);
    return apart;
  }

  private List<Schema> tell(Schema owner, List<Schema> choices) {
    List<List<Facts>> ways = new ArrayList<>();
    for (Schema choice : choices) {
      List<Facts> some = schemas.ways(List.of(choice), MOST_WAYS);
      if (some == null) {
        throw Refusals.tooComplex();
      }
      ways.add(some);
    }
    String member = telling(ways);
    if (member != null) {
      return choices.stream().map(choice -> requiring(choice, member)).toList();
    }
    for (int a = 0; a < ways.size(); a++) {
      for (int b = 0; b < ways.size(); b++) {
        if (a != b && !never(ways.get(a), ways.get(b))) {
          throw owner.refused(
              "has a 'oneOf' of which choices %d and %d cannot be told apart; use 'anyOf', or a"
                      .formatted(Math.min(a, b), Math.max(a, b))
                  + " required member with a different 'const' in each.");
        }
      }
    }
    return choices;
  }

  private static Schema requiring(Schema choice, String member) {
    ObjectNode both = JsonNodeFactory.instance.objectNode();
    ObjectNode requirement = JsonNodeFactory.instance.objectNode();
    requirement.putArray("required").add(member);
    both.putArray("allOf").add(choice.node()).add(requirement);
    return new Schema(both, choice.place());
  }

  /** A member whose listed values differ between all choices, or null. */
  private @Nullable String telling(List<List<Facts>> ways) {
    if (ways.stream().flatMap(List::stream).anyMatch(way -> way.kinds != Facts.OBJECT)) {
      return null;
    }
    for (String name : ways.getFirst().getFirst().properties().keySet()) {
      Set<Object> seen = new HashSet<>();
      if (ways.stream().allMatch(choice -> addsValues(choice, name, seen))) {
        return name;
      }
    }
    return null;
  }

  private boolean addsValues(List<Facts> choice, String name, Set<Object> seen) {
    Set<Object> here = new HashSet<>();
    for (Facts way : choice) {
      List<Schema> said = way.properties().get(name);
      List<JsonNode> values = said == null ? null : schemas.surely(said).values;
      if (values == null) {
        return false;
      }
      values.forEach(value -> here.add(Facts.key(value)));
    }
    int size = seen.size() + here.size();
    seen.addAll(here);
    return seen.size() == size;
  }

  private boolean never(List<Facts> made, List<Facts> valid) {
    return made.stream().allMatch(a -> valid.stream().allMatch(b -> never(a, b)));
  }

  /** Whether nothing that is made by the rules of one is valid for another. */
  private boolean never(Facts made, Facts valid) {
    int common = made.kinds & valid.statedKinds;
    if (common == 0 || differ(made, valid)) {
      return true;
    }
    if (common != Facts.OBJECT) {
      return false;
    }
    Set<String> needed = made.required();
    Map<String, List<Schema>> here = made.properties();
    Map<String, List<Schema>> there = valid.properties();
    boolean closed =
        valid.schemas.stream()
            .anyMatch(
                s ->
                    s.node().path("additionalProperties").isBoolean()
                        && !s.node().path("additionalProperties").booleanValue()
                        && !s.node().has("patternProperties"));
    for (String name : needed) {
      List<Schema> mine = here.get(name);
      List<Schema> theirs = there.get(name);
      if (theirs == null ? closed : mine != null && apart(mine, theirs)) {
        return true;
      }
    }
    return !ObjectRules.isOpen(made)
        && valid.required().stream()
            .anyMatch(name -> !here.containsKey(name) && !needed.contains(name));
  }

  private boolean apart(List<Schema> mine, List<Schema> theirs) {
    Facts a = schemas.surely(mine);
    Facts b = schemas.surely(theirs);
    return (a.kinds & b.statedKinds) == 0 || differ(a, b);
  }

  private static boolean differ(Facts a, Facts b) {
    List<JsonNode> left = a.values;
    List<JsonNode> right = b.values;
    if (left == null || right == null) {
      return false;
    }
    Set<Object> keys = new HashSet<>();
    left.forEach(value -> keys.add(Facts.key(value)));
    return right.stream().noneMatch(value -> keys.contains(Facts.key(value)));
  }
}
