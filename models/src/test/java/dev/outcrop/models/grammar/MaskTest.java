package dev.outcrop.models.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.models.engine.TokenConstraint;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Masks beside what a try of every token says. */
final class MaskTest {
  private static final String[] TOKENIZERS = Walker.TOKENIZERS;

  private static final List<Syntax> SYNTAXES =
      List.of(
          new Syntax.Json(),
          new Syntax.JsonSchema(
              "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\",\"maxLength\":9},"
                  + "\"n\":{\"type\":\"number\"},\"tags\":{\"type\":\"array\",\"items\":{\"enum\":[\"a\",\"bc\"]}}},"
                  + "\"required\":[\"n\"]}"),
          new Syntax.JsonSchema(
              "{\"type\":\"string\",\"pattern\":\"^[a-zé你]+ ?$\",\"minLength\":2}"),
          new Syntax.JsonSchema(
              "{\"anyOf\":[{\"type\":\"string\",\"minLength\":4},{\"type\":\"string\",\"maxLength\":2}]}"),
          new Syntax.Regex("(the|engines?)( [a-z]{2,5}){1,3}\\.?"),
          new Syntax.Choice(List.of("hello", "hello world", "é你好🙂", "he")),
          Syntax.of(
              new Syntax.Text(List.of("</think>")),
              new Syntax.Literal("</think>"),
              new Syntax.Json()));

  @ParameterizedTest
  @FieldSource("TOKENIZERS")
  void aTokenIsInTheMaskIfItsBytesCanFollow(String name) {
    try (Walker walker = new Walker(name)) {
      for (Syntax syntax : SYNTAXES) {
        Grammar grammar = walker.compiler.compile(syntax);
        for (int run = 0; run < 3; run++) {
          check(walker, grammar, new Random(run));
        }
      }
    }
  }

  private static void check(Walker walker, Grammar grammar, Random random) {
    Vocabulary vocabulary = walker.vocabulary;
    TokenConstraint constraint = grammar.constraint();
    Grammar.State state = grammar.start();
    int[] history = new int[40];
    for (int length = 0; length < history.length; length++) {
      TokenConstraint.Mask mask = constraint.mask(history, 0, length);
      boolean first = length == 0;
      BitSet held = new BitSet();
      BitSet fitting = new BitSet();
      for (int id = 0; id < vocabulary.size(); id++) {
        byte[] bytes = vocabulary.bytes(id, first);
        boolean fits =
            id == walker.stop
                ? state.position().isEnd()
                : bytes.length > 0 && !state.position().accept(bytes).isDead();
        held.set(id, mask.holds(id));
        fitting.set(id, fits);
      }
      assertThat(held).as("after %d tokens", length).isEqualTo(fitting);
      assertThat(mask.count()).isEqualTo(fitting.cardinality());
      int token = pick(mask, random);
      if (token == walker.stop) {
        return;
      }
      history[length] = token;
      state = grammar.after(state, token, first);
    }
  }

  private static int pick(TokenConstraint.Mask mask, Random random) {
    int left = random.nextInt(mask.count());
    for (int id = 0; ; id++) {
      if (mask.holds(id) && left-- == 0) {
        return id;
      }
    }
  }
}
