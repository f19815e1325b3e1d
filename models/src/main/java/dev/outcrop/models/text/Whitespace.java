package dev.outcrop.models.text;

/**
 * Character classes as the Unicode standard and the regular expressions of tokenizers have them.
 */
final class Whitespace {
  private Whitespace() {}

  /** The property White_Space, which differs from {@link Character#isWhitespace(int)}. */
  static boolean is(int c) {
    return (c >= 0x09 && c <= 0x0d) || c == 0x85 || c == 0xa0 || Character.isSpaceChar(c);
  }

  /** What {@code \w} matches. */
  static boolean isWord(int c) {
    return Character.isAlphabetic(c)
        || c == 0x200c
        || c == 0x200d
        || switch (Character.getType(c)) {
          case Character.NON_SPACING_MARK,
              Character.ENCLOSING_MARK,
              Character.COMBINING_SPACING_MARK,
              Character.DECIMAL_DIGIT_NUMBER,
              Character.CONNECTOR_PUNCTUATION ->
              true;
          default -> false;
        };
  }
}
