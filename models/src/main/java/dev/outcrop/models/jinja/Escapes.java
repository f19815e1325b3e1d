package dev.outcrop.models.jinja;

/** Decodes the escapes of Python string literals. */
final class Escapes {
  private Escapes() {}

  static String decode(String literal, int line) {
    if (literal.indexOf('\\') < 0) {
      return literal;
    }
    var out = new StringBuilder();
    int at = 0;
    while (at < literal.length()) {
      char c = literal.charAt(at++);
      if (c != '\\' || at >= literal.length()) {
        out.append(c);
        continue;
      }
      char kind = literal.charAt(at++);
      switch (kind) {
        case '\n' -> {}
        case '\\', '\'', '"' -> out.append(kind);
        case 'a' -> out.append('\u0007');
        case 'b' -> out.append('\b');
        case 'f' -> out.append('\f');
        case 'n' -> out.append('\n');
        case 'r' -> out.append('\r');
        case 't' -> out.append('\t');
        case 'v' -> out.append('\u000b');
        case 'x' -> at = hex(literal, at, 2, out, line);
        case 'u' -> at = hex(literal, at, 4, out, line);
        case 'U' -> at = hex(literal, at, 8, out, line);
        case 'N' -> throw new Failure("the escape \\N{...} is not supported", line);
        case '0', '1', '2', '3', '4', '5', '6', '7' -> at = octal(literal, at - 1, out);
        default -> out.append('\\').append(kind);
      }
    }
    return out.toString();
  }

  private static int hex(String literal, int at, int digits, StringBuilder out, int line) {
    int value = 0;
    for (int i = 0; i < digits; i++) {
      int digit = at + i < literal.length() ? Character.digit(literal.charAt(at + i), 16) : -1;
      if (digit < 0 || value > Character.MAX_CODE_POINT >> 4) {
        throw new Failure("an escape in a string is malformed", line);
      }
      value = value * 16 + digit;
    }
    if (!Character.isValidCodePoint(value)) {
      throw new Failure("an escape in a string is malformed", line);
    }
    out.appendCodePoint(value);
    return at + digits;
  }

  private static int octal(String literal, int from, StringBuilder out) {
    int at = from;
    int value = 0;
    while (at < from + 3
        && at < literal.length()
        && literal.charAt(at) >= '0'
        && literal.charAt(at) <= '7') {
      value = value * 8 + literal.charAt(at++) - '0';
    }
    out.append((char) value);
    return at;
  }
}
