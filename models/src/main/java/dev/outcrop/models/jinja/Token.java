package dev.outcrop.models.jinja;

/**
 * A piece of a template's source.
 *
 * @param type what it is
 * @param value its text; of a string the unescaped text, of a number its digits
 * @param line where it begins, counted from 1
 */
record Token(TokenType type, String value, int line) {
  boolean is(TokenType wanted, String text) {
    return type == wanted && value.equals(text);
  }

  /** The token as an error message shows it; template text is no secret. */
  String shown() {
    return switch (type) {
      case DATA -> "template text";
      case VARIABLE_BEGIN -> "{{";
      case VARIABLE_END -> "}}";
      case BLOCK_BEGIN -> "{%";
      case BLOCK_END -> "%}";
      case NAME, INTEGER, FLOAT, OPERATOR -> "'" + value + "'";
      case STRING -> "a string";
      case EOF -> "the end of the template";
    };
  }
}
