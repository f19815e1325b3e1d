package dev.outcrop.models.completion;

/** Limits of calls. */
final class Calls {
  /** The longest name of a tool, which is also the longest that a request may offer. */
  static final int MOST_NAME = 64;

  /** The most characters that wait until it is known whether a call begins. */
  static final int MOST_HEAD = 16_384;

  private Calls() {}

  static boolean isNameCharacter(char c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == '_'
        || c == '-';
  }
}
