package dev.outcrop.serving.bedrock;

import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * The text of an HTML page: without tags, comments, scripts and styles, a line for each block,
 * character references resolved. Nothing is fetched or run and no tree is built; the time is
 * proportional to the length, whatever the page holds. Used for one page.
 */
final class HtmlText {
  private static final Set<String> LEFT_OUT =
      Set.of("script", "style", "template", "iframe", "noembed", "noframes", "xmp");
  private static final Set<String> BLOCKS =
      Set.of(
          ("address article aside blockquote body br caption dd details div dl dt fieldset"
                  + " figcaption figure footer form h1 h2 h3 h4 h5 h6 head header hr html li main"
                  + " nav ol option p pre section summary table tbody tfoot thead title tr ul")
              .split(" "));
  private static final Map<String, String> REFERENCES =
      Map.ofEntries(
          Map.entry("amp", "&"),
          Map.entry("lt", "<"),
          Map.entry("gt", ">"),
          Map.entry("quot", "\""),
          Map.entry("apos", "'"),
          Map.entry("nbsp", " "),
          Map.entry("shy", ""),
          Map.entry("ndash", "\u2013"),
          Map.entry("mdash", "\u2014"),
          Map.entry("hellip", "\u2026"),
          Map.entry("bull", "\u2022"),
          Map.entry("middot", "\u00b7"),
          Map.entry("lsquo", "\u2018"),
          Map.entry("rsquo", "\u2019"),
          Map.entry("ldquo", "\u201c"),
          Map.entry("rdquo", "\u201d"),
          Map.entry("laquo", "\u00ab"),
          Map.entry("raquo", "\u00bb"),
          Map.entry("copy", "\u00a9"),
          Map.entry("reg", "\u00ae"),
          Map.entry("trade", "\u2122"),
          Map.entry("euro", "\u20ac"),
          Map.entry("pound", "\u00a3"),
          Map.entry("sect", "\u00a7"),
          Map.entry("deg", "\u00b0"),
          Map.entry("times", "\u00d7"),
          Map.entry("plusmn", "\u00b1"));
  private static final int LONGEST_REFERENCE = 10;
  private static final int LONGEST_NAME = 16;

  private final String page;
  private final StringBuilder text = new StringBuilder();
  private int at;
  private Gap gap = Gap.NONE;
  private int preformatted;

  /** What stands between the last character and the next; the larger one wins. */
  private enum Gap {
    NONE,
    SPACE,
    CELL,
    LINE
  }

  private HtmlText(String page) {
    this.page = page;
  }

  /** The text of a page. */
  static String of(String page) {
    HtmlText html = new HtmlText(page);
    html.run();
    return html.text.toString();
  }

  private void run() {
    while (at < page.length()) {
      char c = page.charAt(at);
      if (c == '<' && markup()) {
        continue;
      }
      if (c == '&') {
        reference();
      } else {
        add(c);
        at++;
      }
    }
  }

  /** Passes over a tag or a comment; false where the sign is only that. */
  private boolean markup() {
    if (page.startsWith("<!--", at)) {
      passTo("-->", at + 4);
      return true;
    }
    char next = at + 1 < page.length() ? page.charAt(at + 1) : ' ';
    if (next == '!' || next == '?') {
      passTo(">", at + 2);
      return true;
    }
    boolean closing = next == '/';
    int begin = closing ? at + 2 : at + 1;
    if (begin >= page.length() || !letter(page.charAt(begin))) {
      return false;
    }
    int end = begin;
    while (end < page.length() && nameGoesOn(page.charAt(end))) {
      end++;
    }
    String name =
        end - begin > LONGEST_NAME ? "" : page.substring(begin, end).toLowerCase(Locale.ROOT);
    passTag(end);
    if (!closing && LEFT_OUT.contains(name)) {
      passElement(name);
    }
    separate(name, closing);
    return true;
  }

  private void separate(String name, boolean closing) {
    if (name.equals("pre")) {
      preformatted = Math.max(0, preformatted + (closing ? -1 : 1));
    }
    if (BLOCKS.contains(name)) {
      atLeast(Gap.LINE);
    } else if (name.equals("td") || name.equals("th")) {
      atLeast(Gap.CELL);
    }
  }

  /** Passes the rest of a tag; a sign in a quoted value does not end it. */
  private void passTag(int from) {
    char quote = 0;
    int i = from;
    while (i < page.length()) {
      char c = page.charAt(i++);
      if (quote != 0) {
        quote = c == quote ? 0 : quote;
      } else if (c == '"' || c == '\'') {
        quote = c;
      } else if (c == '>') {
        break;
      }
    }
    at = i;
  }

  /** Passes what an element holds, up to the tag that closes it. */
  private void passElement(String name) {
    for (int i = page.indexOf("</", at); i >= 0; i = page.indexOf("</", i + 2)) {
      int end = i + 2 + name.length();
      if (page.regionMatches(true, i + 2, name, 0, name.length())
          && (end >= page.length() || !nameGoesOn(page.charAt(end)))) {
        passTag(end);
        return;
      }
    }
    at = page.length();
  }

  private void passTo(String end, int from) {
    int found = page.indexOf(end, from);
    at = found < 0 ? page.length() : found + end.length();
  }

  private void reference() {
    int end = page.indexOf(';', at, Math.min(page.length(), at + 2 + LONGEST_REFERENCE));
    String name = end < 0 ? "" : page.substring(at + 1, end);
    String found = name.startsWith("#") ? numbered(name) : REFERENCES.get(name);
    if (found == null) {
      add('&');
      at++;
      return;
    }
    found.chars().forEach(c -> add((char) c));
    at = end + 1;
  }

  private static String numbered(String name) {
    boolean hex = name.startsWith("#x") || name.startsWith("#X");
    int code;
    try {
      code = Integer.parseUnsignedInt(name.substring(hex ? 2 : 1), hex ? 16 : 10);
    } catch (NumberFormatException e) {
      return "\ufffd";
    }
    boolean character =
        code > 0
            && code <= Character.MAX_CODE_POINT
            && (code > Character.MAX_SURROGATE || code < Character.MIN_SURROGATE);
    return character ? Character.toString(code) : "\ufffd";
  }

  private void add(char c) {
    if (preformatted == 0 && Character.isWhitespace(c)) {
      atLeast(Gap.SPACE);
      return;
    }
    if (!text.isEmpty()) {
      switch (gap) {
        case NONE -> {}
        case SPACE -> text.append(' ');
        case CELL -> text.append('\t');
        case LINE -> text.append('\n');
      }
    }
    gap = Gap.NONE;
    text.append(c);
  }

  private void atLeast(Gap wanted) {
    gap = gap.compareTo(wanted) < 0 ? wanted : gap;
  }

  private static boolean letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  private static boolean nameGoesOn(char c) {
    return c != '>' && c != '/' && !Character.isWhitespace(c);
  }
}
