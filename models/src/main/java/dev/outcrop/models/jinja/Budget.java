package dev.outcrop.models.jinja;

/**
 * What a rendering has spent of its limits; used by the one thread that renders. Everything is
 * charged before it is done: work as steps, what is made as bytes, a little more than it takes.
 */
final class Budget {
  /** What a string takes besides its characters. */
  static final int STRING = 128;

  /** What a number takes besides its digits. */
  static final int NUMBER = 96;

  /** What a list takes besides its items, and a pair of two. */
  static final int LIST = 64;

  /** A place in a list. */
  static final int ITEM = 8;

  /** A pair of a dictionary, or a name of a scope; and a dictionary without pairs. */
  static final int ENTRY = 128;

  /** The names of a block. */
  static final int SCOPE = 256;

  private final Limits limits;
  private long steps;
  private long memory;
  private int depth;

  Budget(Limits limits) {
    this.limits = limits;
  }

  /** Spends steps. */
  void spend(long count) {
    steps += Math.max(0, count);
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

  /**
   * Spends for a look into a map or set. A template can choose keys that all hash alike, and only
   * those of a type with an order do not turn the map into a list then.
   */
  void spendLookup(Value key, int size) {
    spend(1 + (size >> (key instanceof Value.Sequence ? 2 : 6)));
  }

  /** Spends for memory; what is given up again counts on. */
  void allocate(long bytes) {
    memory += Math.max(0, bytes);
    if (memory > limits.memory()) {
      throw new Failure(
          "the template makes texts and lists of more than " + limits.memory() + " bytes");
    }
  }

  /** Refuses a string that is too long, before it is made. */
  void checkCharacters(long length) {
    if (length > limits.outputCharacters()) {
      throw new Failure(
          "the template makes a text of more than " + limits.outputCharacters() + " characters");
    }
  }

  /** Spends for a string that is about to be made. */
  void makeString(long length) {
    checkCharacters(length);
    spendCharacters(length);
    allocate(STRING + Character.BYTES * length);
  }

  /** Refuses a list that is too long. */
  void checkItems(long length) {
    if (length > limits.items()) {
      throw new Failure("the template makes a list of more than " + limits.items() + " items");
    }
  }

  /** Spends for a list that is about to be walked. */
  void walk(long length) {
    checkItems(length);
    spend(1 + (length >> 2));
  }

  /** Spends for a list that is about to be made. */
  void makeItems(long length, int bytesEach) {
    walk(length);
    allocate(LIST + length * bytesEach);
  }

  /** Spends for a number that was just made; other values pay where they are made. */
  Value made(Value value) {
    if (value instanceof Value.Int whole) {
      int bits = whole.value().bitLength();
      spend(bits >> 6);
      allocate(NUMBER + (bits >> 3));
    }
    return value;
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
