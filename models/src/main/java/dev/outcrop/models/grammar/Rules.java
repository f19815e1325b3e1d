package dev.outcrop.models.grammar;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Makes the rules of one grammar. For one thread. */
final class Rules {
  private static final int MOST_STARTS = 32;
  private static final long RULE_MEMORY = 64;

  static final Rule EMPTY = new Rule.Cat(List.of());

  /** No text at all. */
  static final Rule NOTHING = new Rule.Or(List.of());

  private static final Rule OPEN_OBJECT = shared(Lexemes.OPEN_OBJECT);
  private static final Rule CLOSE_OBJECT = shared(Lexemes.CLOSE_OBJECT);
  private static final Rule OPEN_ARRAY = shared(Lexemes.OPEN_ARRAY);
  private static final Rule CLOSE_ARRAY = shared(Lexemes.CLOSE_ARRAY);
  static final Rule COMMA = shared(Lexemes.COMMA);
  static final Rule COLON = shared(Lexemes.COLON);
  static final Rule WHITE_SPACE = shared(Lexemes.WHITE_SPACE);
  static final Rule STRING = shared(Lexemes.STRING);

  /** Any JSON value. */
  static final Rule ANY;

  /** Any JSON object. */
  static final Rule ANY_OBJECT;

  static {
    Rules rules = new Rules(Lexemes.NO_LIMIT);
    Rule.Later any = rules.later();
    Rule member = rules.member(new Member(Lexemes.STRING, any, false));
    Rule object = rules.object(List.of(), member, Rule.Repeat.FOREVER, false);
    Rule array = rules.array(List.of(), any, 0, Rule.Repeat.FOREVER);
    any.set(
        rules.or(
            List.of(
                STRING,
                shared(Lexemes.NUMBER),
                object,
                array,
                shared(Lexemes.BOOLEAN),
                shared(Lexemes.NULL))));
    rules.settle();
    ANY = any;
    ANY_OBJECT = object;
  }

  private final Budget budget;
  private final List<Rule> made = new ArrayList<>();
  private final Set<Dfa> automata = Collections.newSetFromMap(new IdentityHashMap<>());

  Rules(Budget budget) {
    this.budget = budget;
  }

  private static Rule shared(Dfa dfa) {
    return new Rule.Lexeme(dfa, 0, Rule.Repeat.FOREVER);
  }

  /** Some of a kind with commas between them. */
  private Rule several(Rule one, int least, int most) {
    if (most == 0) {
      return EMPTY;
    }
    int more = most == Rule.Repeat.FOREVER ? most : most - 1;
    Rule some = cat(one, repeat(cat(COMMA, one), Math.max(0, least - 1), more));
    return least > 0 ? some : or(List.of(some, EMPTY));
  }

  private <R extends Rule> R add(R rule) {
    budget.made();
    made.add(rule);
    return rule;
  }

  Rule lexeme(Dfa dfa) {
    return lexeme(dfa, 0, Rule.Repeat.FOREVER);
  }

  Rule lexeme(Dfa dfa, int least, int most) {
    if (!Lexemes.has(dfa)) {
      automata.add(dfa);
    }
    return add(new Rule.Lexeme(dfa, least, most));
  }

  /** Takes over what another has made. */
  void take(Rules other) {
    made.addAll(other.made);
    automata.addAll(other.automata);
  }

  /** About the memory that its rules take, in bytes. */
  long memory() {
    return RULE_MEMORY * made.size() + automata.stream().mapToLong(Dfa::memory).sum();
  }

  /** A fixed text. */
  Rule text(String text) {
    return lexeme(Dfa.ofTexts(List.of(text), budget));
  }

  Rule control(int token) {
    return add(new Rule.Control(token));
  }

  Rule cat(Rule... parts) {
    return add(new Rule.Cat(List.of(parts)));
  }

  Rule cat(List<Rule> parts) {
    return add(new Rule.Cat(parts));
  }

  /** Any of some; refused where it would take too long to find out what tokens may come. */
  Rule or(List<Rule> choices) {
    if (choices.size() == 1) {
      return choices.getFirst();
    }
    Rule.Or or = add(new Rule.Or(choices));
    if (or.starts() > MOST_STARTS) {
      throw Refusals.tooComplex();
    }
    return or;
  }

  Rule repeat(Rule inner, int least, int most) {
    return add(new Rule.Repeat(inner, least, most));
  }

  Rule.Later later() {
    return add(new Rule.Later());
  }

  /**
   * A member that an object may have.
   *
   * @param name its name as an automaton, quotes included
   * @param required whether it has to be there
   */
  record Member(Dfa name, Rule value, boolean required) {}

  /**
   * An object whose members come in one order.
   *
   * @param extra members that may come at the end, or null
   * @param mostExtra how many of these may come
   * @param notEmpty whether there has to be one member at least
   */
  Rule object(List<Member> members, @Nullable Rule extra, int mostExtra, boolean notEmpty) {
    Rule tail = EMPTY;
    Rule key = NOTHING;
    if (extra != null && mostExtra > 0) {
      int more = mostExtra == Rule.Repeat.FOREVER ? mostExtra : mostExtra - 1;
      tail = repeat(cat(COMMA, extra), 0, mostExtra);
      key = cat(extra, repeat(cat(COMMA, extra), 0, more));
    }
    boolean mayEnd = true;
    for (Member member : members.reversed()) {
      if (member.value().equals(NOTHING) && !member.required()) {
        continue;
      }
      Rule here = cat(member(member), tail);
      mayEnd &= !member.required();
      key = member.required() ? here : add(new Rule.Or(List.of(here, key)));
      Rule more = cat(COMMA, key);
      tail = mayEnd ? add(new Rule.Or(List.of(more, EMPTY))) : more;
    }
    Rule all = mayEnd && !notEmpty ? add(new Rule.Or(List.of(key, EMPTY))) : key;
    return add(new Rule.Nested(cat(OPEN_OBJECT, all, CLOSE_OBJECT)));
  }

  /** A member on its own. */
  Rule member(Member member) {
    return cat(lexeme(member.name()), COLON, member.value());
  }

  /**
   * An array.
   *
   * @param first what its first elements have to be
   * @param rest what the others have to be, or null where there are none
   */
  Rule array(List<Rule> first, @Nullable Rule rest, int least, int most) {
    int end = rest == null ? Math.min(most, first.size()) : most;
    if (end < least) {
      return NOTHING;
    }
    Rule body;
    if (first.isEmpty()) {
      body = rest == null ? EMPTY : several(rest, least, end);
    } else {
      body = behind(first.size(), rest, least, end);
      for (int i = first.size() - 1; i >= 0; i--) {
        Rule more = i == 0 ? cat(first.get(i), body) : cat(COMMA, first.get(i), body);
        body = i >= end ? EMPTY : i < least ? more : add(new Rule.Or(List.of(more, EMPTY)));
      }
    }
    return add(new Rule.Nested(cat(OPEN_ARRAY, body, CLOSE_ARRAY)));
  }

  private Rule behind(int count, @Nullable Rule rest, int least, int end) {
    if (rest == null || end <= count) {
      return EMPTY;
    }
    int more = end == Rule.Repeat.FOREVER ? end : end - count;
    return repeat(cat(COMMA, rest), Math.max(0, least - count), more);
  }

  /** Finds out how deep each rule nests at least; to be done once, when all are made. */
  void settle() {
    boolean changed = true;
    while (changed) {
      changed = false;
      for (Rule rule : made) {
        changed |= rule.settle();
      }
      budget.worked(made.size() / 16);
    }
  }
}
