package dev.outcrop.bench.report;

/** Text in a page. */
final class Markup {
  private Markup() {}

  /** Text as it stands in an element or an attribute between double quotes. */
  static String escaped(String text) {
    StringBuilder out = new StringBuilder(text.length() + 16);
    for (int i = 0; i < text.length(); i++) {
      char next = text.charAt(i);
      switch (next) {
        case '&' -> out.append("&amp;");
        case '<' -> out.append("&lt;");
        case '>' -> out.append("&gt;");
        case '"' -> out.append("&quot;");
        case '\'' -> out.append("&#39;");
        default -> out.append(next < ' ' && next != '\n' ? ' ' : next);
      }
    }
    return out.toString();
  }
}
