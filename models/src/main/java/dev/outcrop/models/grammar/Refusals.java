package dev.outcrop.models.grammar;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;

/** The refusals of this package; their messages are for the caller. */
final class Refusals {
  private static final int MOST_SHOWN = 200;

  private Refusals() {}

  static OutcropException refused(String message) {
    return new OutcropException(ModelError.GRAMMAR_REFUSED, message);
  }

  /** A refusal about one place of a schema, given as a JSON pointer in a fragment. */
  static OutcropException at(String place, String message) {
    return refused("The schema at %s %s".formatted(shown(place), message));
  }

  static OutcropException tooComplex() {
    return refused(
        "The schema or pattern is too complex to be enforced; it takes too much time or memory to"
            + " compile.");
  }

  /** A word of the caller, made short and harmless. */
  static String shown(String word) {
    String clean = word.replaceAll("\\p{Cntrl}", "?");
    return clean.length() <= MOST_SHOWN ? clean : clean.substring(0, MOST_SHOWN) + "...";
  }
}
