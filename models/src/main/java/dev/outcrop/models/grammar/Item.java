package dev.outcrop.models.grammar;

import org.jspecify.annotations.Nullable;

/** One way in which the text so far can be read. */
sealed interface Item {
  /** What is to come then, or null for the end. */
  @Nullable Frame then();

  /**
   * Within the bytes of an automaton, from which more have to come.
   *
   * @param least characters that a JSON string still needs
   * @param most characters that it may still have
   */
  record Reading(Dfa dfa, int state, int least, int most, @Nullable Frame then) implements Item {}

  /** Before a control token. */
  record Waiting(int token, @Nullable Frame then) implements Item {}
}
