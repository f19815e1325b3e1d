package dev.outcrop.models.jinja;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts a template into tokens with the whitespace rules of trim_blocks and lstrip_blocks: a block
 * tag swallows the newline after it and the blanks before it on its line, {@code -} swallows all
 * white space on its side, {@code +} none.
 */
final class Lexer {
  // Possessive, as a loop of a group that may give back takes a frame of the stack for each turn.
  private static final Pattern FLOAT =
      Pattern.compile("(?<!\\.)D(?:(?:\\.D)?[eE][+\\-]?D|\\.D)".replace("D", "\\d++(?:_\\d++)*+"));
  private static final Pattern INTEGER =
      Pattern.compile(
          "0[bB](?:_?[01])++|0[oO](?:_?[0-7])++|0[xX](?:_?[\\da-fA-F])++|[1-9](?:_?\\d)*+"
              + "|0(?:_?0)*+");
  private static final Pattern RAW_BEGIN = Pattern.compile("\\{%[-+]?\\s*raw\\s*(-%}\\s*|%})");
  private static final Pattern RAW_END =
      Pattern.compile("\\{%([-+]?)\\s*endraw\\s*(?:\\+%}|-%}\\s*|%}\\n?)");
  private static final List<String> OPERATORS =
      List.of(
          "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{",
          "}", ">", "<", "=", ".", ":", "|", ",", ";");

  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private int pos;
  private int line = 1;
  private int counted;

  Lexer(String template) {
    String text = template.replace("\r\n", "\n").replace('\r', '\n');
    this.source = text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
  }

  List<Token> tokens() {
    while (pos < source.length()) {
      root();
    }
    tokens.add(new Token(TokenType.EOF, "", lineAt(source.length())));
    return tokens;
  }

  private int lineAt(int position) {
    for (; counted < position; counted++) {
      if (source.charAt(counted) == '\n') {
        line++;
      }
    }
    return line;
  }

  private void root() {
    int tag = pos;
    while (true) {
      tag = source.indexOf('{', tag);
      if (tag < 0 || tag + 1 >= source.length()) {
        data(source.substring(pos));
        pos = source.length();
        return;
      }
      if ("{%#".indexOf(source.charAt(tag + 1)) >= 0) {
        break;
      }
      tag++;
    }
    char kind = source.charAt(tag + 1);
    int after = tag + 2;
    char sign = after < source.length() ? source.charAt(after) : ' ';
    data(stripped(source.substring(pos, tag), sign, kind == '{'));
    if (sign == '-' || sign == '+') {
      after++;
    }
    int at = lineAt(tag);
    switch (kind) {
      case '#' -> comment(after, at);
      case '{' -> {
        tokens.add(new Token(TokenType.VARIABLE_BEGIN, "", at));
        pos = after;
        inside(false);
      }
      default -> {
        Matcher raw = RAW_BEGIN.matcher(source).region(tag, source.length());
        if (raw.lookingAt()) {
          raw(raw.end(), at);
          return;
        }
        tokens.add(new Token(TokenType.BLOCK_BEGIN, "", at));
        pos = after;
        inside(true);
      }
    }
  }

  private String stripped(String text, char sign, boolean variable) {
    if (sign == '-') {
      return text.substring(0, endWithoutSpace(text));
    }
    if (sign == '+' || variable) {
      return text;
    }
    int lineStart = text.lastIndexOf('\n') + 1;
    boolean atLineStart = pos == 0 || source.charAt(pos - 1) == '\n';
    if (lineStart == 0 && !atLineStart) {
      return text;
    }
    return endWithoutSpace(text) <= lineStart ? text.substring(0, lineStart) : text;
  }

  private static int endWithoutSpace(String text) {
    int end = text.length();
    while (end > 0 && Python.isSpace(text.charAt(end - 1))) {
      end--;
    }
    return end;
  }

  private void data(String text) {
    if (!text.isEmpty()) {
      tokens.add(new Token(TokenType.DATA, text, lineAt(pos)));
    }
  }

  private void skipSpace() {
    while (pos < source.length() && Python.isSpace(source.charAt(pos))) {
      pos++;
    }
  }

  private void skipNewline() {
    if (pos < source.length() && source.charAt(pos) == '\n') {
      pos++;
    }
  }

  private void comment(int from, int at) {
    int end = source.indexOf("#}", from);
    if (end < 0) {
      throw new Failure("a comment is not closed", at);
    }
    char sign = end > from ? source.charAt(end - 1) : ' ';
    pos = end + 2;
    if (sign == '-') {
      skipSpace();
    } else if (sign != '+') {
      skipNewline();
    }
  }

  private void raw(int from, int at) {
    Matcher end = RAW_END.matcher(source);
    if (!end.find(from)) {
      throw new Failure("'raw' is not closed", at);
    }
    pos = from;
    String sign = end.group(1);
    data(
        stripped(
            source.substring(from, end.start()), sign.isEmpty() ? ' ' : sign.charAt(0), false));
    pos = end.end();
  }

  private void inside(boolean block) {
    Deque<Character> open = new ArrayDeque<>();
    while (true) {
      skipSpace();
      if (pos >= source.length()) {
        throw new Failure("a tag is not closed", lineAt(pos));
      }
      if (open.isEmpty() && atEnd(block)) {
        return;
      }
      int at = lineAt(pos);
      char c = source.charAt(pos);
      if (c == '\'' || c == '"') {
        string(at);
      } else if (c >= '0' && c <= '9') {
        number(at);
      } else if (Character.isLetter(c) || c == '_') {
        name(at);
      } else {
        operator(open, at);
      }
    }
  }

  private boolean atEnd(boolean block) {
    String mark = block ? "%}" : "}}";
    int at = lineAt(pos);
    TokenType type = block ? TokenType.BLOCK_END : TokenType.VARIABLE_END;
    if (source.startsWith("-" + mark, pos)) {
      pos += 3;
      skipSpace();
    } else if (block && source.startsWith("+" + mark, pos)) {
      pos += 3;
    } else if (source.startsWith(mark, pos)) {
      pos += 2;
      if (block) {
        skipNewline();
      }
    } else {
      return false;
    }
    tokens.add(new Token(type, "", at));
    return true;
  }

  private void number(int at) {
    Matcher real = FLOAT.matcher(source).region(pos, source.length()).useTransparentBounds(true);
    if (real.lookingAt()) {
      tokens.add(new Token(TokenType.FLOAT, real.group().replace("_", ""), at));
      pos = real.end();
      return;
    }
    Matcher whole = INTEGER.matcher(source).region(pos, source.length());
    if (!whole.lookingAt()) {
      throw new Failure("a number cannot be read", at);
    }
    tokens.add(new Token(TokenType.INTEGER, whole.group().replace("_", ""), at));
    pos = whole.end();
  }

  private void name(int at) {
    int end = pos;
    while (end < source.length()
        && (Character.isLetterOrDigit(source.charAt(end)) || source.charAt(end) == '_')) {
      end++;
    }
    tokens.add(new Token(TokenType.NAME, source.substring(pos, end), at));
    pos = end;
  }

  private void string(int at) {
    char quote = source.charAt(pos);
    int end = pos + 1;
    while (end < source.length() && source.charAt(end) != quote) {
      end += source.charAt(end) == '\\' ? 2 : 1;
    }
    if (end >= source.length()) {
      throw new Failure("a string is not closed", at);
    }
    tokens.add(new Token(TokenType.STRING, Escapes.decode(source.substring(pos + 1, end), at), at));
    pos = end + 1;
  }

  private void operator(Deque<Character> open, int at) {
    for (String operator : OPERATORS) {
      if (source.startsWith(operator, pos)) {
        char c = operator.charAt(0);
        switch (c) {
          case '{' -> open.push('}');
          case '(' -> open.push(')');
          case '[' -> open.push(']');
          case '}', ')', ']' -> {
            if (open.isEmpty() || open.pop() != c) {
              throw new Failure("'" + c + "' closes nothing", at);
            }
          }
          default -> {}
        }
        tokens.add(new Token(TokenType.OPERATOR, operator, at));
        pos += operator.length();
        return;
      }
    }
    throw new Failure(
        "the character U+%04X is not expected".formatted(source.codePointAt(pos)), at);
  }
}
