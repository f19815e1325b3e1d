package dev.outcrop.models.grammar;

import dev.outcrop.models.OutcropException;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.LongSupplier;

/** Rules of a syntax, for one vocabulary. For one compilation and thread. */
final class SyntaxRules {
  private static final long MOST_NANOS = 150_000_000;
  private static final int MOST_STATES = 200_000;
  private static final int MOST_CHARACTERS = 64 << 10;

  private final Vocabulary vocabulary;
  private final Budget budget;

  /** For all together that need not be enforced: it leaves enough for what has to be. */
  private final Budget spare;

  private final Rules rules;

  /** By identity: a syntax may hold another, of one tool say, in several places. */
  private final IdentityHashMap<Syntax, Rule> done = new IdentityHashMap<>();

  private SyntaxRules(Vocabulary vocabulary, Budget budget, Budget spare) {
    this.vocabulary = vocabulary;
    this.budget = budget;
    this.spare = spare;
    rules = new Rules(budget);
  }

  /** For one grammar, with the time from now on and the memory that a request may take. */
  static SyntaxRules of(Vocabulary vocabulary, LongSupplier nanoTime) {
    Budget spare = new Budget(nanoTime, MOST_NANOS / 2, MOST_STATES / 2);
    return new SyntaxRules(vocabulary, new Budget(nanoTime, MOST_NANOS, MOST_STATES), spare);
  }

  /** Makes the grammar or refuses it. */
  Grammar grammar(Syntax syntax) {
    Rule root = settled(syntax);
    return new Grammar(vocabulary, root, rules.memory());
  }

  /** Whether time ran out, for all or for what need not be enforced. */
  boolean isLate() {
    return budget.isLate() || spare.isLate();
  }

  private Rule settled(Syntax syntax) {
    Rule root = rule(syntax);
    rules.settle();
    if (root.depth() > Position.MOST_DEPTH) {
      throw Refusals.refused(
          "Nothing fulfils the schema or pattern"
              + (root.depth() < Rule.NEVER ? ", unless it nests too deep." : "."));
    }
    return root;
  }

  private Rule rule(Syntax syntax) {
    Rule known = done.get(syntax);
    if (known == null) {
      known = make(syntax);
      done.put(syntax, known);
    }
    return known;
  }

  private Rule make(Syntax syntax) {
    return switch (syntax) {
      case Syntax.Literal(var text) -> rules.text(text);
      case Syntax.Marker(var token) -> {
        OptionalInt id = vocabulary.controlToken(token);
        yield id.isPresent() ? rules.control(id.getAsInt()) : rules.text(token);
      }
      case Syntax.Text(var without) -> text(without);
      case Syntax.Space _ -> Rules.WHITE_SPACE;
      case Syntax.JsonSchema(var schema, boolean object) ->
          SchemaRules.of(schema, object, rules, budget);
      case Syntax.Json _ -> Rules.ANY_OBJECT;
      case Syntax.Regex(var pattern) -> {
        if (pattern.length() > MOST_CHARACTERS) {
          throw Refusals.tooComplex();
        }
        yield rules.lexeme(Subsets.of(RegexReader.read(pattern), Nfa.Writing.PLAIN, budget));
      }
      case Syntax.Choice(var texts) -> rules.lexeme(Dfa.ofTexts(texts, budget));
      case Syntax.Sequence(var parts) -> rules.cat(all(parts));
      case Syntax.AnyOf(var choices) -> rules.or(all(choices));
      case Syntax.Repeat(var inner) -> rules.repeat(rule(inner), 0, Rule.Repeat.FOREVER);
      case Syntax.IfPossible(var wanted, var otherwise) -> ifPossible(wanted, otherwise);
    };
  }

  private Rule ifPossible(Syntax wanted, Syntax otherwise) {
    if (!spare.isSpent()) {
      SyntaxRules own = new SyntaxRules(vocabulary, spare, spare);
      try {
        Rule rule = own.settled(wanted);
        rules.take(own.rules);
        return rule;
      } catch (OutcropException | StackOverflowError e) {
        return rule(otherwise);
      }
    }
    return rule(otherwise);
  }

  private List<Rule> all(List<Syntax> parts) {
    List<Rule> all = new ArrayList<>();
    for (Syntax part : parts) {
      all.add(rule(part));
    }
    return all;
  }

  private Rule text(List<String> without) {
    List<Regex> words = new ArrayList<>();
    for (String word : without) {
      words.add(Regex.literal(word));
    }
    if (words.isEmpty()) {
      return rules.lexeme(Lexemes.TEXT);
    }
    Dfa holding = Subsets.of(Regex.holding(new Regex.Or(words)), Nfa.Writing.PLAIN, budget);
    return rules.lexeme(Lexemes.TEXT.minus(holding, budget));
  }
}
