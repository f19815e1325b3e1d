package dev.outcrop.models.jinja;

/** What a rendering has spent of its limits; used by the one thread that renders. */
final class Budget {
  private final Limits limits;
  private long steps;
  private int depth;

  Budget(Limits limits) {
    this.limits = limits;
  }

  /** Spends steps. */
  void spend(long count) {
    steps += count;
    if (steps > limits.steps()) {
      throw new Failure("the template takes more than " + limits.steps() + " steps");
    }
  }

  /** Spends for characters that are copied or looked at. */
  void spendCharacters(long count) {
    spend(1 + (count >> 5));
  }

  /** Spends for a search, whose worst case is the product of both lengths. */
  void spendSearch(long text, long part) {
    spend(1 + ((text * part) >> 6));
  }

  /** Refuses a string that is too long, before it is made. */
  void checkCharacters(long length) {
    if (length > limits.outputCharacters()) {
      throw new Failure(
          "the template makes a text of more than " + limits.outputCharacters() + " characters");
    }
  }

  /** Refuses a list that is too long, before it is made. */
  void checkItems(long length) {
    if (length > limits.items()) {
      throw new Failure("the template makes a list of more than " + limits.items() + " items");
    }
    spend(1 + (length >> 2));
  }

  /** Goes one level down; every call is paired with {@link #leave}. */
  void enter() {
    spend(1);
    if (++depth > limits.depth()) {
      throw new Failure("the template nests deeper than " + limits.depth() + " levels");
    }
  }

  /** Comes one level up. */
  void leave() {
    depth--;
  }
}
