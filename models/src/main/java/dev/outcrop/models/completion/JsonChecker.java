package dev.outcrop.models.completion;

/**
 * Checks a JSON object (RFC 8259) as its characters come, in memory that grows with its depth
 * alone. For one thread.
 */
final class JsonChecker {
  /** The deepest nesting; the same as that of requests. */
  static final int MAX_DEPTH = 64;

  private enum At {
    START,
    VALUE,
    FIRST_VALUE,
    FIRST_KEY,
    KEY,
    COLON,
    AFTER_VALUE,
    STRING,
    ESCAPE,
    HEX,
    MINUS,
    ZERO,
    DIGITS,
    POINT,
    FRACTION,
    EXPONENT,
    EXPONENT_SIGN,
    EXPONENT_DIGITS,
    LITERAL,
    WHOLE
  }

  private final StringBuilder open = new StringBuilder();
  private At at = At.START;
  private boolean key;
  private int hex;
  private String literal = "";
  private int matched;

  /** Takes a character; false if the text so far is the start of no object. */
  boolean accept(char c) {
    return switch (at) {
      case START -> c == '{' && begin(c);
      case VALUE -> blank(c) || value(c);
      case FIRST_VALUE -> blank(c) || (c == ']' ? close('[') : value(c));
      case FIRST_KEY -> blank(c) || (c == '}' ? close('{') : key(c));
      case KEY -> blank(c) || key(c);
      case COLON -> blank(c) || (c == ':' && go(At.VALUE));
      case AFTER_VALUE -> blank(c) || afterValue(c);
      case STRING -> string(c);
      case ESCAPE -> escape(c);
      case HEX -> Character.digit(c, 16) >= 0 && c < 128 && (--hex > 0 || go(At.STRING));
      case MINUS -> c == '0' ? go(At.ZERO) : digit(c) && go(At.DIGITS);
      case ZERO -> number(c, false);
      case DIGITS -> number(c, true);
      case POINT -> digit(c) && go(At.FRACTION);
      case FRACTION -> digit(c) || (exponent(c) ? go(At.EXPONENT) : endOfNumber(c));
      case EXPONENT ->
          digit(c) ? go(At.EXPONENT_DIGITS) : (c == '+' || c == '-') && go(At.EXPONENT_SIGN);
      case EXPONENT_SIGN -> digit(c) && go(At.EXPONENT_DIGITS);
      case EXPONENT_DIGITS -> digit(c) || endOfNumber(c);
      case LITERAL -> literal(c);
      case WHOLE -> false;
    };
  }

  /** Whether the object is closed. */
  boolean whole() {
    return at == At.WHOLE;
  }

  /** Objects and arrays that are open. */
  int depth() {
    return open.length();
  }

  /** Whether a string is open. */
  boolean inString() {
    return at == At.STRING || at == At.ESCAPE || at == At.HEX;
  }

  /** Whether the string that is open or was the last is a key. */
  boolean key() {
    return key;
  }

  /** Whether a value comes next. */
  boolean beforeValue() {
    return at == At.VALUE;
  }

  private boolean value(char c) {
    key = false;
    return switch (c) {
      case '{', '[' -> begin(c);
      case '"' -> go(At.STRING);
      case '-' -> go(At.MINUS);
      case '0' -> go(At.ZERO);
      case 't' -> literalOf("true");
      case 'f' -> literalOf("false");
      case 'n' -> literalOf("null");
      default -> digit(c) && go(At.DIGITS);
    };
  }

  private boolean begin(char c) {
    if (open.length() == MAX_DEPTH) {
      return false;
    }
    open.append(c);
    return go(c == '{' ? At.FIRST_KEY : At.FIRST_VALUE);
  }

  private boolean close(char opened) {
    int last = open.length() - 1;
    if (open.charAt(last) != opened) {
      return false;
    }
    open.setLength(last);
    return go(last == 0 ? At.WHOLE : At.AFTER_VALUE);
  }

  private boolean key(char c) {
    key = true;
    return c == '"' && go(At.STRING);
  }

  private boolean afterValue(char c) {
    return switch (c) {
      case ',' -> go(open.charAt(open.length() - 1) == '{' ? At.KEY : At.VALUE);
      case '}' -> close('{');
      case ']' -> close('[');
      default -> false;
    };
  }

  private boolean string(char c) {
    return switch (c) {
      case '"' -> go(key ? At.COLON : At.AFTER_VALUE);
      case '\\' -> go(At.ESCAPE);
      default -> c >= ' ';
    };
  }

  private boolean escape(char c) {
    if (c == 'u') {
      hex = 4;
      return go(At.HEX);
    }
    return "\"\\/bfnrt".indexOf(c) >= 0 && go(At.STRING);
  }

  private boolean number(char c, boolean more) {
    if (more && digit(c)) {
      return true;
    }
    if (c == '.') {
      return go(At.POINT);
    }
    return exponent(c) ? go(At.EXPONENT) : endOfNumber(c);
  }

  private boolean endOfNumber(char c) {
    at = At.AFTER_VALUE;
    return blank(c) || afterValue(c);
  }

  private boolean literalOf(String word) {
    literal = word;
    matched = 1;
    return go(At.LITERAL);
  }

  private boolean literal(char c) {
    if (c != literal.charAt(matched)) {
      return false;
    }
    return ++matched < literal.length() || go(At.AFTER_VALUE);
  }

  private boolean go(At next) {
    at = next;
    return true;
  }

  private static boolean digit(char c) {
    return c >= '0' && c <= '9';
  }

  private static boolean exponent(char c) {
    return c == 'e' || c == 'E';
  }

  private static boolean blank(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
  }
}
