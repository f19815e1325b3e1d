package dev.outcrop.bench.micro;

import dev.outcrop.bench.grammar.EndlessGrammar;
import dev.outcrop.models.engine.TokenConstraint;
import dev.outcrop.models.grammar.Grammar;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Masks of a JSON Schema along a completion whose masks are made already; run by JMH. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class GrammarCosts {
  static final int TOKENS = 256;
  static final int VOCABULARY = 32_000;

  private final int[] completion = new int[TOKENS];
  private @Nullable Grammar grammar;

  /** JMH makes it. */
  public GrammarCosts() {}

  /** Compiles the schema and draws a completion that it allows. */
  @Setup
  public void draw() {
    grammar = EndlessGrammar.compile(VOCABULARY);
    Random random = new Random(1);
    TokenConstraint constraint = grammar.constraint();
    for (int length = 0; length < TOKENS; length++) {
      TokenConstraint.Mask mask = constraint.mask(completion, 0, length);
      int token = random.nextInt(mask.vocabulary());
      while (!mask.holds(token)) {
        token = (token + 1) % mask.vocabulary();
      }
      completion[length] = token;
    }
  }

  /** The masks of {@value #TOKENS} tokens. */
  @Benchmark
  public int grammarMask() {
    TokenConstraint constraint = Objects.requireNonNull(grammar).constraint();
    int allowed = 0;
    for (int length = 0; length < TOKENS; length++) {
      allowed += constraint.mask(completion, 0, length).count();
    }
    return allowed;
  }
}
