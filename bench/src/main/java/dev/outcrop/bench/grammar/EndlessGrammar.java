package dev.outcrop.bench.grammar;

import dev.outcrop.models.grammar.Grammar;
import dev.outcrop.models.grammar.GrammarCompiler;
import dev.outcrop.models.grammar.Syntax;
import dev.outcrop.models.grammar.Vocabulary;

/** A grammar that no completion of a measurement ends, over made-up tokens. */
public final class EndlessGrammar {
  private EndlessGrammar() {}

  /** Compiles it for a vocabulary of a size; its masks are all to be made. */
  public static Grammar compile(int vocabulary) {
    return compile(Vocabulary.of(new MadeUpTokens(vocabulary), new int[] {MadeUpTokens.STOP}));
  }

  static Grammar compile(Vocabulary vocabulary) {
    return new GrammarCompiler(vocabulary, System::nanoTime)
        .compile(new Syntax.JsonSchema(Schemas.ENDLESS.replace('\'', '"')));
  }
}
