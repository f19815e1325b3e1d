package dev.outcrop.serving.json;

/**
 * What breaks the schema of a body, in the words of Bedrock's validator. The first few violations
 * are told, the others counted: an error must not grow with the body that it is about. For one body
 * and one thread.
 */
public final class Violations {
  private static final int MOST_TOLD = 8;

  /** What Bedrock itself reads of a body, whatever the family. */
  private static final String RESERVED = "amazon-bedrock-";

  private final StringBuilder told = new StringBuilder();
  private int count;

  /** Adds that the body lacks a key. */
  public void missing(String key) {
    add("", "required key [%s] not found", key);
  }

  /**
   * Adds that there is a key that may not be there, unless it is one that Bedrock reads of every
   * body. Those have their place in the body itself, and nowhere deeper.
   *
   * @param fields where the key is
   * @param pointer the same as the validator tells it
   */
  public void extraneous(Fields fields, String pointer, String key) {
    if (!fields.path().isEmpty() || !key.startsWith(RESERVED)) {
      add(pointer, "extraneous key [%s] is not permitted", key);
    }
  }

  /** Adds what is wrong with a value. */
  public void wrong(String pointer, String what) {
    add(pointer, "%s", what);
  }

  private void add(String pointer, String form, String what) {
    count++;
    if (count <= MOST_TOLD) {
      told.append(pointer.isEmpty() ? "#" : "#/" + pointer).append(": ");
      told.append(form.formatted(what));
    }
  }

  /** Refuses the body if there were any. */
  public void refuse() {
    if (count > MOST_TOLD) {
      throw Malformed.of("%d schema violations found, the first %s".formatted(count, told));
    }
    if (count > 0) {
      throw Malformed.of(told.toString());
    }
  }
}
