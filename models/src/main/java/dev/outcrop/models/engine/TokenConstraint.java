package dev.outcrop.models.engine;

import java.util.Arrays;

/**
 * What tokens one sequence may go on with. {@link Sampling} carries it to the engine, which asks
 * once per token on the engine thread, before the step; so an answer has to be quick. It follows
 * from the sequence's tokens alone: asked again for the same tokens, or for fewer after a sequence
 * was taken back, it gives the same answer. An instance belongs to one sequence.
 */
public interface TokenConstraint {
  /**
   * The tokens that may follow. A failure of the constraint comes out as an exception and ends this
   * one sequence.
   *
   * @param history the sequence's tokens, prompt first; only the first {@code length} count
   * @param promptTokens how many of them are prompt
   * @param length how many of them there are
   */
  Mask mask(int[] history, int promptTokens, int length);

  /**
   * A set of tokens, told by the shorter list. Not changed once made, and best the same object for
   * the same set.
   *
   * @param lists whether the ids are the tokens of the set, else those that are not in it
   * @param ids in ascending order, each once, below {@code vocabulary}
   * @param vocabulary one more than the highest id that can be in the set
   */
  record Mask(boolean lists, int[] ids, int vocabulary) {
    /** Whether a token is in the set. */
    public boolean holds(int token) {
      return token >= 0 && token < vocabulary && lists == (Arrays.binarySearch(ids, token) >= 0);
    }

    /** How many tokens are in the set. */
    public int count() {
      return lists ? ids.length : vocabulary - ids.length;
    }

    /** Counts only: which tokens are allowed tells of the completion. */
    @Override
    public String toString() {
      return "Mask[count=%d]".formatted(count());
    }
  }
}
