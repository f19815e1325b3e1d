package dev.outcrop.models.completion;

import java.util.regex.Pattern;

/**
 * Keyword arguments of a Python call, turned into a JSON object as they come: strings, numbers,
 * True, False, None, lists and dicts with string keys. For one call and one thread.
 */
final class PythonArguments {
  private static final Pattern NUMBER =
      Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?");
  private static final int MOST_WORD = 64;

  private enum At {
    KEYWORD_OR_END,
    KEYWORD,
    EQUALS,
    VALUE,
    ITEM_OR_END,
    KEY_OR_END,
    COLON,
    STRING,
    ESCAPE,
    HEX,
    WORD,
    AFTER_VALUE
  }

  private final Parts out;
  private final StringBuilder source;
  private final StringBuilder open = new StringBuilder("(");
  private final StringBuilder word = new StringBuilder();
  private At at = At.KEYWORD_OR_END;
  private boolean comma;
  private boolean key;
  private char quote;
  private int hexLeft;
  private int hex;

  /**
   * Begins behind the opening parenthesis.
   *
   * @param source what came and was not handed on
   */
  PythonArguments(Parts out, StringBuilder source) {
    this.out = out;
    this.source = source;
    out.arguments("{", "");
  }

  Step accept(char c) {
    source.append(c);
    if (source.length() > Calls.MOST_HEAD) {
      return Step.FAULT;
    }
    boolean blank = Character.isWhitespace(c);
    return switch (at) {
      case KEYWORD_OR_END -> blank ? Step.MORE : c == ')' ? close('(', "}") : keyword(c);
      case KEYWORD -> c == '=' ? keywordEnds() : blank ? go(At.EQUALS) : keyword(c);
      case EQUALS -> blank ? Step.MORE : c == '=' ? keywordEnds() : Step.FAULT;
      case VALUE -> blank ? Step.MORE : value(c);
      case ITEM_OR_END -> blank ? Step.MORE : c == ']' ? close('[', "]") : value(c);
      case KEY_OR_END -> blank ? Step.MORE : c == '}' ? close('{', "}") : key(c);
      case COLON -> blank ? Step.MORE : c == ':' ? emit(":", At.VALUE) : Step.FAULT;
      case STRING -> string(c);
      case ESCAPE -> escape(c);
      case HEX -> hex(c);
      case WORD -> word(c);
      case AFTER_VALUE -> blank ? Step.MORE : afterValue(c);
    };
  }

  private Step keyword(char c) {
    if (at == At.KEYWORD_OR_END) {
      word.setLength(0);
    }
    boolean first = word.isEmpty();
    if (first ? !Character.isJavaIdentifierStart(c) : !Character.isJavaIdentifierPart(c)) {
      return Step.FAULT;
    }
    word.append(c);
    return word.length() > MOST_WORD || c < ' ' ? Step.FAULT : go(At.KEYWORD);
  }

  private Step keywordEnds() {
    return emit(takeComma() + '"' + word + "\":", At.VALUE);
  }

  private Step key(char c) {
    key = true;
    return quote(c);
  }

  private Step quote(char c) {
    if (c != '"' && c != '\'') {
      return Step.FAULT;
    }
    quote = c;
    return emit(takeComma() + "\"", At.STRING);
  }

  private Step value(char c) {
    key = false;
    return switch (c) {
      case '"', '\'' -> quote(c);
      case '[' -> begin(c, At.ITEM_OR_END);
      case '{' -> begin(c, At.KEY_OR_END);
      default -> {
        word.setLength(0);
        word.append(c);
        yield isWordCharacter(c) ? go(At.WORD) : Step.FAULT;
      }
    };
  }

  private Step begin(char c, At next) {
    if (open.length() == JsonChecker.MAX_DEPTH) {
      return Step.FAULT;
    }
    open.append(c);
    return emit(takeComma() + c, next);
  }

  private Step close(char opened, String json) {
    int last = open.length() - 1;
    if (open.charAt(last) != opened) {
      return Step.FAULT;
    }
    open.setLength(last);
    emit(json, At.AFTER_VALUE);
    return last == 0 ? Step.WHOLE : Step.MORE;
  }

  private Step string(char c) {
    if (c == quote) {
      return emit("\"", key ? At.COLON : At.AFTER_VALUE);
    }
    return c == '\\' ? go(At.ESCAPE) : emit(escaped(c), At.STRING);
  }

  private Step escape(char c) {
    return switch (c) {
      case '\n' -> go(At.STRING);
      case 'n' -> emit("\\n", At.STRING);
      case 't' -> emit("\\t", At.STRING);
      case 'r' -> emit("\\r", At.STRING);
      case 'b' -> emit("\\b", At.STRING);
      case 'f' -> emit("\\f", At.STRING);
      case '\\', '\'', '"' -> emit(escaped(c), At.STRING);
      case 'x' -> hexOf(2);
      case 'u' -> hexOf(4);
      case 'U' -> hexOf(8);
      // As Python does: a backslash before any other character stays.
      default -> emit("\\\\" + escaped(c), At.STRING);
    };
  }

  private Step hexOf(int digits) {
    hexLeft = digits;
    hex = 0;
    return go(At.HEX);
  }

  private Step hex(char c) {
    int digit = c < 128 ? Character.digit(c, 16) : -1;
    if (digit < 0 || hex > 0x10ffff >> 4) {
      return Step.FAULT;
    }
    hex = hex << 4 | digit;
    if (--hexLeft > 0) {
      return Step.MORE;
    }
    StringBuilder json = new StringBuilder();
    for (char each : Character.toChars(hex)) {
      json.append(Character.isSurrogate(each) ? "\\u%04x".formatted((int) each) : escaped(each));
    }
    return emit(json.toString(), At.STRING);
  }

  private Step word(char c) {
    if (isWordCharacter(c)) {
      word.append(c);
      return word.length() > MOST_WORD ? Step.FAULT : Step.MORE;
    }
    String text = word.toString();
    String json =
        switch (text) {
          case "True", "true" -> "true";
          case "False", "false" -> "false";
          case "None", "null" -> "null";
          default -> NUMBER.matcher(text).matches() ? text : "";
        };
    if (json.isEmpty()) {
      return Step.FAULT;
    }
    source.setLength(source.length() - 1);
    emit(takeComma() + json, At.AFTER_VALUE);
    source.append(c);
    return Character.isWhitespace(c) ? Step.MORE : afterValue(c);
  }

  private Step afterValue(char c) {
    char container = open.charAt(open.length() - 1);
    if (c == ',') {
      comma = true;
      return switch (container) {
        case '(' -> go(At.KEYWORD_OR_END);
        case '[' -> go(At.ITEM_OR_END);
        default -> go(At.KEY_OR_END);
      };
    }
    return switch (c) {
      case ')' -> close('(', "}");
      case ']' -> close('[', "]");
      case '}' -> close('{', "}");
      default -> Step.FAULT;
    };
  }

  private Step emit(String json, At next) {
    out.arguments(json, source);
    source.setLength(0);
    return go(next);
  }

  private Step go(At next) {
    at = next;
    return Step.MORE;
  }

  private String takeComma() {
    String taken = comma ? "," : "";
    comma = false;
    return taken;
  }

  private static boolean isWordCharacter(char c) {
    return Calls.isNameCharacter(c) || c == '.' || c == '+';
  }

  private static String escaped(char c) {
    if (c == '"' || c == '\\') {
      return "\\" + c;
    }
    return c < ' ' ? "\\u%04x".formatted((int) c) : String.valueOf(c);
  }
}
