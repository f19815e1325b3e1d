package dev.outcrop.models.grammar;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.Semaphore;
import java.util.function.LongSupplier;

/**
 * Makes grammars for one vocabulary and keeps those that were used last. Called on request threads,
 * never on the engine's; safe for any.
 */
public final class GrammarCompiler {
  private static final int KEPT = 64;
  private static final long MOST_NANOS = 150_000_000;
  private static final int MOST_STATES = 200_000;
  private static final int MOST_CHARACTERS = 64 << 10;

  private final Vocabulary vocabulary;
  private final LongSupplier nanoTime;
  private final Semaphore turns =
      new Semaphore(Math.max(1, Runtime.getRuntime().availableProcessors() - 1), true);
  private final Map<Syntax, Grammar> kept =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Syntax, Grammar> eldest) {
          return size() > KEPT;
        }
      };

  /**
   * Creates a compiler; does what takes long the first time.
   *
   * @param nanoTime a clock like {@link System#nanoTime}
   */
  public GrammarCompiler(Vocabulary vocabulary, LongSupplier nanoTime) {
    this.vocabulary = vocabulary;
    this.nanoTime = nanoTime;
    Practice.once(vocabulary);
    compile(new Syntax.Json()).constraint();
  }

  /** Code that never ran takes ten times as long; no request should pay for that. */
  private static final class Practice {
    private static final String SCHEMA =
        """
        {"type":"object","properties":{"a":{"type":"string","pattern":"^[a-z]+ é","maxLength":9},
        "b":{"type":"number","minimum":-1.5,"maximum":7},"c":{"enum":["x",1,null,{"y":[]}]},
        "d":{"anyOf":[{"type":"array","items":{"$ref":"#"}},{"type":"string","format":"date"}]}},
        "required":["a"],"additionalProperties":{"type":"integer","multipleOf":3}}""";
    private static final int ROUNDS = 15;
    private static boolean done;

    static synchronized void once(Vocabulary vocabulary) {
      for (int round = 0; round < ROUNDS && !done; round++) {
        Rules rules = new Rules(Lexemes.NO_LIMIT);
        Rule root = SchemaRules.of(SCHEMA, true, rules, Lexemes.NO_LIMIT);
        rules.settle();
        new Grammar(vocabulary, root).constraint();
      }
      done = true;
    }
  }

  /**
   * Makes a grammar, or finds the one that was made before.
   *
   * @throws dev.outcrop.models.OutcropException GRAMMAR_REFUSED where it cannot be enforced, or not
   *     within the time and memory that a request may take
   */
  public Grammar compile(Syntax syntax) {
    synchronized (kept) {
      Grammar known = kept.get(syntax);
      if (known != null) {
        return known;
      }
    }
    Grammar made;
    turns.acquireUninterruptibly();
    try {
      made = new Grammar(vocabulary, root(syntax));
    } finally {
      turns.release();
    }
    synchronized (kept) {
      Grammar other = kept.putIfAbsent(syntax, made);
      return other == null ? made : other;
    }
  }

  private Rule root(Syntax syntax) {
    Budget budget = new Budget(nanoTime, MOST_NANOS, MOST_STATES);
    Rules rules = new Rules(budget);
    Rule root = rule(syntax, rules, budget);
    rules.settle();
    if (root.depth() > Position.MOST_DEPTH) {
      throw Refusals.refused(
          "Nothing fulfils the schema or pattern"
              + (root.depth() < Rule.NEVER ? ", unless it nests too deep." : "."));
    }
    return root;
  }

  private Rule rule(Syntax syntax, Rules rules, Budget budget) {
    return switch (syntax) {
      case Syntax.Literal(var text) -> rules.text(text);
      case Syntax.Marker(var token) -> {
        OptionalInt id = vocabulary.controlToken(token);
        yield id.isPresent() ? rules.control(id.getAsInt()) : rules.text(token);
      }
      case Syntax.Text(var without) -> text(without, rules, budget);
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
      case Syntax.Sequence(var parts) -> rules.cat(all(parts, rules, budget));
      case Syntax.AnyOf(var choices) -> rules.or(all(choices, rules, budget));
      case Syntax.Repeat(var inner) ->
          rules.repeat(rule(inner, rules, budget), 0, Rule.Repeat.FOREVER);
    };
  }

  private List<Rule> all(List<Syntax> parts, Rules rules, Budget budget) {
    List<Rule> all = new ArrayList<>();
    for (Syntax part : parts) {
      all.add(rule(part, rules, budget));
    }
    return all;
  }

  private Rule text(List<String> without, Rules rules, Budget budget) {
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

  /** How many grammars are kept. */
  int kept() {
    synchronized (kept) {
      return kept.size();
    }
  }
}
