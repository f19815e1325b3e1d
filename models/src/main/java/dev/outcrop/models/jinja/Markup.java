package dev.outcrop.models.jinja;

import dev.outcrop.models.jinja.Value.Str;

/** Strings that count as HTML: what {@code safe} and {@code escape} make. */
final class Markup {
  private Markup() {}

  /** {@code a + b}: beside markup, plain text is escaped. */
  static Str add(Str left, Str right, Budget budget) {
    boolean markup = left.markup() || right.markup();
    var sum = new TextBuilder(budget);
    sum.append(markup ? escaped(left, budget) : left.text());
    sum.append(markup ? escaped(right, budget) : right.text());
    return new Str(sum.build(), markup);
  }

  /** The text with the five characters of HTML replaced, unless it is markup already. */
  static Text escaped(Str string, Budget budget) {
    if (string.markup()) {
      return string.text();
    }
    Text text = string.text();
    var escaped = new TextBuilder(budget);
    int copied = 0;
    for (int at = 0; at < text.length(); at++) {
      String entity =
          switch (text.chars().charAt(at)) {
            case '&' -> "&amp;";
            case '<' -> "&lt;";
            case '>' -> "&gt;";
            case '"' -> "&#34;";
            case '\'' -> "&#39;";
            default -> "";
          };
      if (!entity.isEmpty()) {
        escaped.append(text, copied, at).append(entity, text.trustedAt(at));
        copied = at + 1;
      }
    }
    return escaped.append(text, copied, text.length()).build();
  }

  /** Refuses a method of markup that would escape its arguments, which we do not follow. */
  static void refuse(Str string, String what) {
    if (string.markup()) {
      throw new Failure("'" + what + "' on text marked safe is not supported");
    }
  }
}
