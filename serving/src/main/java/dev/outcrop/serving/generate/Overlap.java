package dev.outcrop.serving.generate;

/** The end of a text that may be the start of a word. */
final class Overlap {
  private Overlap() {}

  /** The longest end of the text, in characters, that is a start of the word but not all of it. */
  static int of(String text, String word) {
    int most = Math.min(text.length(), word.length() - 1);
    for (int length = most; length > 0; length--) {
      if (text.startsWith(word.substring(0, length), text.length() - length)) {
        return length;
      }
    }
    return 0;
  }
}
