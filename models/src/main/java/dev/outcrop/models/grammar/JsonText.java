package dev.outcrop.models.grammar;

/** The one spelling of a JSON string that enumerations, names and patterns use. */
final class JsonText {
  private JsonText() {}

  /** A character as it stands within quotes. */
  static String escape(int c) {
    return switch (c) {
      case '"' -> "\\\"";
      case '\\' -> "\\\\";
      case '\b' -> "\\b";
      case '\f' -> "\\f";
      case '\n' -> "\\n";
      case '\r' -> "\\r";
      case '\t' -> "\\t";
      default -> c < 0x20 ? "\\u%04x".formatted(c) : Character.toString(c);
    };
  }

  /** A string with its quotes. A lone surrogate has no UTF-8 form and becomes an escape. */
  static String quoted(String text) {
    StringBuilder out = new StringBuilder("\"");
    text.codePoints()
        .forEach(
            c -> {
              if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) {
                out.append("\\u%04x".formatted(c));
              } else {
                out.append(escape(c));
              }
            });
    return out.append('"').toString();
  }
}
