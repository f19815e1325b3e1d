package dev.outcrop.models.grammar;

import java.util.ArrayList;
import java.util.List;

/**
 * Reads regular expressions in the syntax that JSON Schema (ECMA 262) and Python have in common:
 * characters, classes, groups, alternatives, repetition, anchors. What is not regular, as
 * lookaround and back references, is refused. For one expression.
 */
final class RegexReader {
  private static final int MOST_REPEATS = 10_000;
  private static final int MOST_DEPTH = 200;
  private static final CodePoints DOT = CodePoints.ALL.minus(CodePoints.of("\n\r\u2028\u2029"));

  private final String text;
  private int at;
  private int depth;

  private RegexReader(String text) {
    this.text = text;
  }

  /** Reads an expression; a fault in it is refused with its place. */
  static Regex read(String text) {
    RegexReader reader = new RegexReader(text);
    Regex regex = reader.alternatives();
    if (reader.at < text.length()) {
      throw reader.fault("has a ')' too many");
    }
    return regex;
  }

  private Regex alternatives() {
    if (++depth > MOST_DEPTH) {
      throw fault("nests too deep");
    }
    List<Regex> choices = new ArrayList<>();
    choices.add(sequence());
    while (take('|')) {
      choices.add(sequence());
    }
    depth--;
    return choices.size() == 1 ? choices.getFirst() : new Regex.Or(choices);
  }

  private Regex sequence() {
    List<Regex> parts = new ArrayList<>();
    while (at < text.length() && text.charAt(at) != '|' && text.charAt(at) != ')') {
      Regex atom = atom();
      parts.add(quantified(atom));
    }
    return parts.size() == 1 ? parts.getFirst() : new Regex.Cat(parts);
  }

  private Regex atom() {
    int c = next();
    return switch (c) {
      case '(' -> group();
      case '[' -> new Regex.Chars(set());
      case '.' -> new Regex.Chars(DOT);
      case '^' -> new Regex.Begin();
      case '$' -> new Regex.End();
      case '\\' -> escaped();
      case '*', '+', '?' -> throw fault("has nothing to repeat");
      case '{' -> throw fault("has a '{' that has to be written as '\\{'");
      default -> new Regex.Chars(CodePoints.of(c));
    };
  }

  private Regex group() {
    if (take('?')) {
      if (take('<') || (take('P') && take('<'))) {
        int end = text.indexOf('>', at);
        if (end < 0 || !text.substring(at, end).matches("[A-Za-z_][A-Za-z0-9_]*")) {
          throw fault("has a group of a kind that is not supported");
        }
        at = end + 1;
      } else if (!take(':')) {
        throw fault("has a group of a kind that is not supported");
      }
    }
    Regex inner = alternatives();
    if (!take(')')) {
      throw fault("lacks a ')'");
    }
    return inner;
  }

  private Regex escaped() {
    if (at < text.length()) {
      char c = text.charAt(at);
      if (c == 'A' || c == 'Z' || c == 'z') {
        at++;
        return c == 'A' ? new Regex.Begin() : new Regex.End();
      }
      if (c == 'b' || c == 'B' || (c >= '1' && c <= '9') || c == 'k') {
        throw fault("has '\\%c', which is not supported".formatted(c));
      }
    }
    return new Regex.Chars(RegexClasses.escape(this::next, this::peek, this::fault));
  }

  private CodePoints set() {
    boolean negated = take('^');
    CodePoints all = CodePoints.NONE;
    boolean first = true;
    while (first || !take(']')) {
      if (first && take(']')) {
        all = all.or(CodePoints.of(']')); // as Python reads it
        first = false;
        continue;
      }
      first = false;
      CodePoints from = member();
      boolean single = from.ranges() == 1 && from.first(0) == from.last(0);
      boolean range =
          at + 1 < text.length() && text.charAt(at) == '-' && text.charAt(at + 1) != ']';
      if (!range) {
        all = all.or(from);
        continue;
      }
      at++;
      CodePoints to = member();
      if (!single || to.ranges() != 1 || to.first(0) != to.last(0)) {
        throw fault("has a range that does not lie between two characters");
      }
      if (to.first(0) < from.first(0)) {
        throw fault("has a range that is out of order");
      }
      all = all.or(CodePoints.of(from.first(0), to.first(0)));
    }
    return negated ? all.not() : all;
  }

  private CodePoints member() {
    int c = next();
    if (c == '[' && at < text.length() && text.charAt(at) == ':') {
      throw fault("has a class of a kind that is not supported");
    }
    if (c != '\\') {
      return CodePoints.of(c);
    }
    if (take('b')) {
      return CodePoints.of('\b');
    }
    return RegexClasses.escape(this::next, this::peek, this::fault);
  }

  private Regex quantified(Regex atom) {
    int first = peek();
    if (!isQuantifier(first)) {
      return atom;
    }
    int least = first == '+' ? 1 : 0;
    int most = first == '?' ? 1 : -1;
    if (first == '{') {
      int end = text.indexOf('}', at);
      int comma = text.indexOf(',', at);
      if (end < 0) {
        throw fault("has a '{' that has to be written as '\\{'");
      }
      boolean bounds = comma >= 0 && comma < end;
      least = bounds && comma == at + 1 ? 0 : number(at + 1, bounds ? comma : end);
      most = !bounds ? least : comma + 1 == end ? -1 : number(comma + 1, end);
      at = end;
    }
    at++;
    if (most >= 0 && most < least) {
      throw fault("repeats from more to less");
    }
    if (take('+')) {
      throw fault("has a repetition of a kind that is not supported");
    }
    take('?'); // how eagerly it matches does not change what it matches
    if (isQuantifier(peek())) {
      throw fault("repeats a repetition, which has to be written as a group");
    }
    return new Regex.Repeat(atom, least, most);
  }

  private static boolean isQuantifier(int c) {
    return c == '*' || c == '+' || c == '?' || c == '{';
  }

  private int number(int from, int to) {
    String digits = text.substring(from, to);
    if (!digits.matches("[0-9]{1,5}") || Integer.parseInt(digits) > MOST_REPEATS) {
      throw fault("has a repetition that is no number up to " + MOST_REPEATS);
    }
    return Integer.parseInt(digits);
  }

  private boolean take(char wanted) {
    boolean there = at < text.length() && text.charAt(at) == wanted;
    at += there ? 1 : 0;
    return there;
  }

  private int peek() {
    return at < text.length() ? text.charAt(at) : -1;
  }

  private int next() {
    if (at >= text.length()) {
      throw fault("ends too early");
    }
    int c = text.codePointAt(at);
    at += Character.charCount(c);
    return c;
  }

  private RuntimeException fault(String what) {
    return Refusals.refused(
        "The pattern '%s' %s, at character %d."
            .formatted(Refusals.shown(text), what, Math.min(at, text.length())));
  }
}
