package dev.outcrop.models.grammar;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Makes grammars for one vocabulary and keeps those that were used last. Called on request threads,
 * never on the engine's; safe for any.
 */
public final class GrammarCompiler {
  private static final long MOST_KEPT_MEMORY =
      Math.min(256L << 20, Runtime.getRuntime().maxMemory() / 16);
  private static final int TURNS = Math.max(1, Runtime.getRuntime().availableProcessors() - 1);
  private static final long MOST_WAIT_NANOS = 2_000_000_000;

  private final Vocabulary vocabulary;
  private final LongSupplier nanoTime;
  private final long mostWaitNanos;
  private final Semaphore turns;
  private final Kept kept;

  /**
   * Creates a compiler; does what takes long the first time.
   *
   * @param nanoTime a clock like {@link System#nanoTime}
   */
  public GrammarCompiler(Vocabulary vocabulary, LongSupplier nanoTime) {
    this(vocabulary, nanoTime, TURNS, MOST_WAIT_NANOS, MOST_KEPT_MEMORY);
  }

  /**
   * The same with other bounds.
   *
   * @param turns how many compile at a time
   * @param mostWaitNanos how long others wait for their turn
   * @param mostMemory bytes that the grammars which are kept may take
   */
  GrammarCompiler(
      Vocabulary vocabulary,
      LongSupplier nanoTime,
      int turns,
      long mostWaitNanos,
      long mostMemory) {
    this.vocabulary = vocabulary;
    this.nanoTime = nanoTime;
    this.mostWaitNanos = mostWaitNanos;
    this.turns = new Semaphore(turns, true);
    kept = new Kept(mostMemory, nanoTime);
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
        new Grammar(vocabulary, root, 0).constraint();
      }
      done = true;
    }
  }

  /**
   * Makes a grammar, or finds the one that was made before.
   *
   * @throws dev.outcrop.models.OutcropException GRAMMAR_REFUSED where it cannot be enforced, or not
   *     within the time and memory that a request may take; COMPILER_BUSY where too many wait
   */
  public Grammar compile(Syntax syntax) {
    Kept.Outcome outcome = kept.get(syntax);
    if (outcome == null) {
      awaitTurn();
      try {
        outcome = kept.get(syntax); // another may have waited for the same
        if (outcome == null) {
          outcome = make(syntax);
        }
      } finally {
        turns.release();
      }
    }
    return switch (outcome) {
      case Kept.Outcome.Made(var grammar) -> grammar;
      case Kept.Outcome.Refused(var message, _) -> throw Refusals.refused(message);
    };
  }

  private void awaitTurn() {
    boolean mine;
    try {
      mine = turns.tryAcquire(mostWaitNanos, TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      // The thread stays as it is: the answer, to ask again later, has yet to be written.
      mine = false;
    }
    if (!mine) {
      throw new OutcropException(
          ModelError.COMPILER_BUSY,
          "Too many schemas and patterns are being compiled, please wait before trying again.");
    }
  }

  private Kept.Outcome make(Syntax syntax) {
    SyntaxRules rules = null;
    Kept.Outcome made;
    try {
      rules = SyntaxRules.of(vocabulary, nanoTime);
      made = new Kept.Outcome.Made(rules.grammar(syntax));
    } catch (OutcropException e) {
      made = refused(e);
    } catch (StackOverflowError e) {
      made = refused(Refusals.tooComplex());
    }
    // What want of time has done is for this request alone: the next may have more of it.
    boolean late = rules != null && rules.isLate();
    return late ? kept.orElse(syntax, made) : kept.put(syntax, made);
  }

  private Kept.Outcome refused(OutcropException e) {
    return new Kept.Outcome.Refused(
        Objects.requireNonNullElse(e.getMessage(), ""), nanoTime.getAsLong());
  }

  /** How many wait for their turn. */
  int waiting() {
    return turns.getQueueLength();
  }

  /** How many grammars and refusals are kept. */
  int kept() {
    return kept.size();
  }
}
