package dev.outcrop.models.grammar;

import dev.outcrop.models.engine.TokenConstraint;

/** A grammar for one sequence: how far its completion has come. For the engine thread. */
final class GrammarConstraint implements TokenConstraint {
  private final Grammar grammar;
  private final Vocabulary vocabulary;
  private Grammar.State state;
  private int taken;
  private boolean begun;

  GrammarConstraint(Grammar grammar, Vocabulary vocabulary) {
    this.grammar = grammar;
    this.vocabulary = vocabulary;
    state = grammar.start();
  }

  @Override
  public Mask mask(int[] history, int promptTokens, int length) {
    int completed = length - promptTokens;
    if (completed < taken) {
      state = grammar.start();
      taken = 0;
      begun = false;
    }
    while (taken < completed) {
      int token = history[promptTokens + taken];
      state = grammar.after(state, token, !begun);
      begun |= !vocabulary.isControl(token);
      taken++;
    }
    return grammar.mask(state, !begun);
  }
}
