package dev.outcrop.models.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outcrop.models.grammar.SchemaTree.Schema;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Rules of strings, numbers and listed values. For one schema and thread. */
final class ValueRules {
  private static final int MOST_PRECISION = 40;
  private static final int MOST_PLACES = 12;

  private final Rules rules;
  private final Budget budget;
  private final Map<String, Dfa> patterns = new HashMap<>();

  ValueRules(Rules rules, Budget budget) {
    this.rules = rules;
    this.budget = budget;
  }

  /**
   * Exactly some values.
   *
   * @param kinds the kinds that are allowed
   * @param rest what else they have to fulfil, or null
   */
  Rule oneOf(List<JsonNode> values, int kinds, @Nullable Rule rest) {
    if (rest != null) {
      rules.settle();
    }
    Set<String> plain = new LinkedHashSet<>();
    List<Rule> choices = new ArrayList<>();
    for (JsonNode value : values) {
      if ((Facts.kindOf(value) & kinds) == 0 || (rest != null && !holds(rest, value))) {
        continue;
      }
      if (value.isContainerNode()) {
        choices.add(literal(value));
      } else {
        plain.add(text(value));
      }
    }
    if (!plain.isEmpty()) {
      choices.add(rules.lexeme(Dfa.ofTexts(plain, budget)));
    }
    return rules.or(choices);
  }

  private boolean holds(Rule rule, JsonNode value) {
    return read(Position.start(rule), value).isEnd();
  }

  /** Behind a value, with the members of its objects in the order that the rule asks for. */
  private Position read(Position at, JsonNode value) {
    if (value.isObject()) {
      return members(read(at, "{"), List.copyOf(value.properties()));
    }
    if (!value.isArray()) {
      return read(at, text(value));
    }
    Position behind = read(at, "[");
    for (int i = 0; i < value.size(); i++) {
      behind = read(i == 0 ? behind : read(behind, ","), value.get(i));
    }
    return read(behind, "]");
  }

  /** Tries the members in every order until one leads to the end; an object may have thousands. */
  private Position members(Position open, List<Map.Entry<String, JsonNode>> members) {
    BitSet used = new BitSet(members.size());
    Deque<Integer> order = new ArrayDeque<>();
    Deque<Position> behind = new ArrayDeque<>(List.of(open));
    int next = 0;
    while (true) {
      next = used.nextClearBit(next);
      if (next < members.size()) {
        Position after = member(behind.getLast(), members.get(next), order.isEmpty() ? "" : ",");
        if (after.isDead()) {
          next++;
        } else {
          budget.made();
          used.set(next);
          order.addLast(next);
          behind.addLast(after);
          next = 0;
        }
        continue;
      }
      Position end = order.size() == members.size() ? read(behind.getLast(), "}") : Position.DEAD;
      if (!end.isDead() || order.isEmpty()) {
        return end;
      }
      behind.removeLast();
      next = order.removeLast();
      used.clear(next++);
    }
  }

  private Position member(Position at, Map.Entry<String, JsonNode> member, String before) {
    Position named = read(at, before + JsonText.quoted(member.getKey()) + ":");
    return named.isDead() ? named : read(named, member.getValue());
  }

  private Position read(Position at, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    budget.worked(1 + bytes.length);
    return at.accept(bytes);
  }

  /** A value as it is written without white space. */
  private static String text(JsonNode value) {
    if (value.isTextual()) {
      return JsonText.quoted(value.textValue());
    }
    if (value.isNumber()) {
      BigDecimal number = value.decimalValue();
      boolean plain =
          number.precision() <= MOST_PRECISION && Math.abs(number.scale()) <= MOST_PRECISION;
      return plain ? number.toPlainString() : number.toString();
    }
    List<String> parts = new ArrayList<>();
    if (value.isObject()) {
      for (Map.Entry<String, JsonNode> entry : value.properties()) {
        parts.add(JsonText.quoted(entry.getKey()) + ":" + text(entry.getValue()));
      }
      return "{" + String.join(",", parts) + "}";
    }
    if (value.isArray()) {
      value.forEach(part -> parts.add(text(part)));
      return "[" + String.join(",", parts) + "]";
    }
    return value.toString();
  }

  private Rule literal(JsonNode value) {
    if (value.isObject()) {
      List<Rules.Member> members = new ArrayList<>();
      for (Map.Entry<String, JsonNode> entry : value.properties()) {
        members.add(new Rules.Member(name(entry.getKey()), literal(entry.getValue()), true));
      }
      return rules.object(members, null, 0, false);
    }
    if (value.isArray()) {
      List<Rule> parts = new ArrayList<>();
      value.forEach(part -> parts.add(literal(part)));
      return rules.array(parts, null, parts.size(), parts.size());
    }
    return rules.text(text(value));
  }

  /** The name of a member, with its quotes. */
  Dfa name(String name) {
    return Dfa.ofTexts(List.of(JsonText.quoted(name)), budget);
  }

  /** The strings that fulfil everything. */
  Rule string(Facts facts) {
    int least = facts.number("minLength", true, 0);
    int most = facts.number("maxLength", false, Rule.Repeat.FOREVER);
    Dfa all = restricted(facts, least, most);
    return all == null ? rules.lexeme(Lexemes.STRING, least, most) : rules.lexeme(all);
  }

  /** The names of members that fulfil everything, quotes included; null for all. */
  @Nullable Dfa names(Facts facts) {
    if ((facts.statedKinds & Facts.STRING) == 0) {
      return Dfa.ofTexts(List.of(), budget);
    }
    int least = facts.number("minLength", true, 0);
    int most = facts.number("maxLength", false, Rule.Repeat.FOREVER);
    boolean bounded = least > 0 || most != Rule.Repeat.FOREVER;
    Dfa all = restricted(facts, least, most);
    all = all == null && bounded ? length(least, most) : all;
    List<JsonNode> listed = facts.values;
    if (listed == null) {
      return all;
    }
    Dfa texts =
        Dfa.ofTexts(
            listed.stream()
                .filter(JsonNode::isTextual)
                .map(name -> JsonText.quoted(name.textValue()))
                .toList(),
            budget);
    return all == null ? texts : texts.and(all, budget);
  }

  /** The strings as an automaton, quotes included; null where nothing but a length is said. */
  @Nullable Dfa restricted(Facts facts, int least, int most) {
    Dfa all = null;
    for (Schema schema : facts.schemas) {
      JsonNode node = schema.node();
      for (String word : List.of("pattern", "format")) {
        if (!node.has(word)) {
          continue;
        }
        if (!node.get(word).isTextual()) {
          throw schema.refused("has a '%s' that is no string.".formatted(word));
        }
        String text = node.get(word).textValue();
        if (word.equals("format") && Formats.isAnnotation(text)) {
          continue;
        }
        Dfa one = word.equals("pattern") ? pattern(text) : format(schema, text);
        all = all == null ? one : all.and(one, budget);
      }
    }
    boolean bounded = least > 0 || most != Rule.Repeat.FOREVER;
    return all == null || !bounded ? all : all.and(length(least, most), budget);
  }

  /** Strings that hold a match of a pattern. */
  Dfa pattern(String pattern) {
    Dfa known = patterns.get(pattern);
    if (known == null) {
      known = quoted(Regex.holding(RegexReader.read(pattern)));
      patterns.put(pattern, known);
    }
    return known;
  }

  private Dfa format(Schema schema, String name) {
    return quoted(
        Formats.of(name)
            .orElseThrow(
                () ->
                    schema.refused(
                        "has the format '%s', which cannot be enforced here."
                            .formatted(Refusals.shown(name)))));
  }

  private Dfa length(int least, int most) {
    Regex any = new Regex.Chars(CodePoints.ALL);
    int end = most == Rule.Repeat.FOREVER ? -1 : most;
    return least > most
        ? quoted(new Regex.Or(List.of()))
        : quoted(new Regex.Repeat(any, least, end));
  }

  private Dfa quoted(Regex regex) {
    return Subsets.of(regex, Nfa.Writing.JSON, budget).quoted(budget);
  }

  /** The numbers that fulfil everything. */
  Rule number(Facts facts) {
    boolean whole = (facts.kinds & Facts.FRACTION) == 0;
    Numbers.Bound least = null;
    Numbers.Bound most = null;
    Dfa all = null;
    for (Schema schema : facts.schemas) {
      for (String word : List.of("minimum", "exclusiveMinimum")) {
        Numbers.Bound bound = bound(schema, word);
        if (bound != null && tighter(bound, least, 1)) {
          least = bound;
        }
      }
      for (String word : List.of("maximum", "exclusiveMaximum")) {
        Numbers.Bound bound = bound(schema, word);
        if (bound != null && tighter(bound, most, -1)) {
          most = bound;
        }
      }
      BigDecimal divisor = value(schema, "multipleOf");
      if (divisor != null) {
        if (!Numbers.canDivideBy(divisor)) {
          throw schema.refused("has a 'multipleOf' that cannot be enforced here.");
        }
        Dfa multiples = Numbers.of(whole, null, null, divisor, budget);
        all = all == null ? multiples : all.and(multiples, budget);
      }
    }
    if (least == null && most == null) {
      return rules.lexeme(all != null ? all : whole ? Lexemes.INTEGER : Lexemes.NUMBER);
    }
    Dfa bounded = Numbers.of(whole, least, most, null, budget);
    return rules.lexeme(all == null ? bounded : all.and(bounded, budget));
  }

  /** Whether a bound leaves less than another; of two of one value an exclusive one does. */
  private static boolean tighter(Numbers.Bound a, Numbers.@Nullable Bound b, int towards) {
    int order = b == null ? 1 : towards * a.value().compareTo(b.value());
    return order > 0 || (order == 0 && !a.inclusive());
  }

  private static Numbers.@Nullable Bound bound(Schema schema, String word) {
    BigDecimal value = value(schema, word);
    return value == null ? null : new Numbers.Bound(value, !word.startsWith("exclusive"));
  }

  private static @Nullable BigDecimal value(Schema schema, String word) {
    JsonNode node = schema.node().path(word);
    if (node.isMissingNode()) {
      return null;
    }
    if (!node.isNumber()) {
      throw schema.refused("has a '%s' that is no number.".formatted(word));
    }
    BigDecimal value = node.decimalValue();
    if (value.precision() > MOST_PRECISION || value.scale() > MOST_PLACES || value.scale() < -400) {
      throw schema.refused(
          "has a '%s' with more digits than can be enforced here.".formatted(word));
    }
    return value;
  }
}
