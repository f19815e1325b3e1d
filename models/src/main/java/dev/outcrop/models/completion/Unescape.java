package dev.outcrop.models.completion;

/**
 * Takes the escapes out of the inside of a JSON string that is known to be valid. For one thread.
 */
final class Unescape {
  private int hexLeft;
  private int hex;
  private boolean escaped;

  /** A character that an escape, or a plain character, completes; -1 for none yet. */
  int accept(char c) {
    if (hexLeft > 0) {
      hex = hex << 4 | Character.digit(c, 16);
      return --hexLeft == 0 ? hex : -1;
    }
    if (escaped) {
      escaped = false;
      if (c == 'u') {
        hexLeft = 4;
        hex = 0;
        return -1;
      }
      return switch (c) {
        case 'b' -> '\b';
        case 'f' -> '\f';
        case 'n' -> '\n';
        case 'r' -> '\r';
        case 't' -> '\t';
        default -> c;
      };
    }
    if (c == '\\') {
      escaped = true;
      return -1;
    }
    return c;
  }

  static String all(CharSequence inside) {
    Unescape unescape = new Unescape();
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < inside.length(); i++) {
      int c = unescape.accept(inside.charAt(i));
      if (c >= 0) {
        text.append((char) c);
      }
    }
    return text.toString();
  }
}
