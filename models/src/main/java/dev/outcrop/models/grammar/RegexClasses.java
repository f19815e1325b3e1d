package dev.outcrop.models.grammar;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.IntSupplier;

/** What stands behind a backslash in a regular expression: a character or a class of them. */
final class RegexClasses {
  private static final CodePoints DIGITS = CodePoints.of('0', '9');
  private static final CodePoints WORD =
      DIGITS.or(CodePoints.of('a', 'z')).or(CodePoints.of('A', 'Z')).or(CodePoints.of('_'));
  private static final CodePoints SPACE =
      CodePoints.of("\t\n\u000b\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff")
          .or(CodePoints.of(0x2000, 0x200a));

  /** Masks of the general categories by the names that Unicode gives them. */
  private static final Map<String, Integer> CATEGORIES =
      Map.ofEntries(
          Map.entry("Lu", bit(Character.UPPERCASE_LETTER)),
          Map.entry("Ll", bit(Character.LOWERCASE_LETTER)),
          Map.entry("Lt", bit(Character.TITLECASE_LETTER)),
          Map.entry("Lm", bit(Character.MODIFIER_LETTER)),
          Map.entry("Lo", bit(Character.OTHER_LETTER)),
          Map.entry(
              "L",
              bit(Character.UPPERCASE_LETTER)
                  | bit(Character.LOWERCASE_LETTER)
                  | bit(Character.TITLECASE_LETTER)
                  | bit(Character.MODIFIER_LETTER)
                  | bit(Character.OTHER_LETTER)),
          Map.entry(
              "M",
              bit(Character.NON_SPACING_MARK)
                  | bit(Character.COMBINING_SPACING_MARK)
                  | bit(Character.ENCLOSING_MARK)),
          Map.entry("Nd", bit(Character.DECIMAL_DIGIT_NUMBER)),
          Map.entry(
              "N",
              bit(Character.DECIMAL_DIGIT_NUMBER)
                  | bit(Character.LETTER_NUMBER)
                  | bit(Character.OTHER_NUMBER)),
          Map.entry(
              "P",
              bit(Character.CONNECTOR_PUNCTUATION)
                  | bit(Character.DASH_PUNCTUATION)
                  | bit(Character.START_PUNCTUATION)
                  | bit(Character.END_PUNCTUATION)
                  | bit(Character.INITIAL_QUOTE_PUNCTUATION)
                  | bit(Character.FINAL_QUOTE_PUNCTUATION)
                  | bit(Character.OTHER_PUNCTUATION)),
          Map.entry(
              "S",
              bit(Character.MATH_SYMBOL)
                  | bit(Character.CURRENCY_SYMBOL)
                  | bit(Character.MODIFIER_SYMBOL)
                  | bit(Character.OTHER_SYMBOL)),
          Map.entry("Zs", bit(Character.SPACE_SEPARATOR)),
          Map.entry(
              "Z",
              bit(Character.SPACE_SEPARATOR)
                  | bit(Character.LINE_SEPARATOR)
                  | bit(Character.PARAGRAPH_SEPARATOR)));

  private static final Map<String, CodePoints> OF_CATEGORY = new ConcurrentHashMap<>();

  private RegexClasses() {}

  private static int bit(byte category) {
    return 1 << category;
  }

  /** Reads an escape behind its backslash. */
  static CodePoints escape(
      IntSupplier next, IntSupplier peek, Function<String, RuntimeException> fault) {
    int c = next.getAsInt();
    return switch (c) {
      case 'd' -> DIGITS;
      case 'D' -> DIGITS.not();
      case 'w' -> WORD;
      case 'W' -> WORD.not();
      case 's' -> SPACE;
      case 'S' -> SPACE.not();
      case 't' -> CodePoints.of('\t');
      case 'n' -> CodePoints.of('\n');
      case 'r' -> CodePoints.of('\r');
      case 'f' -> CodePoints.of('\f');
      case 'v' -> CodePoints.of(0x0b);
      case '0' -> CodePoints.of(0);
      case 'x' -> CodePoints.of(hex(2, next, fault));
      case 'u' -> unicode(next, peek, fault);
      case 'p', 'P' -> category(c == 'P', next, fault);
      default -> {
        boolean letter = c < 128 && Character.isLetterOrDigit(c);
        if (letter) {
          throw fault.apply("has '\\%c', which is not supported".formatted(c));
        }
        yield CodePoints.of(c);
      }
    };
  }

  private static CodePoints unicode(
      IntSupplier next, IntSupplier peek, Function<String, RuntimeException> fault) {
    if (peek.getAsInt() == '{') {
      int value = 0;
      for (int c = behindBrace(next); c != '}'; c = next.getAsInt()) {
        value = value << 4 | digit(c, fault);
        if (value > Character.MAX_CODE_POINT) {
          throw fault.apply("has an escape of no character");
        }
      }
      return CodePoints.of(value);
    }
    int value = hex(4, next, fault);
    if (Character.isHighSurrogate((char) value)) {
      boolean pair = next.getAsInt() == '\\' && next.getAsInt() == 'u';
      int low = pair ? hex(4, next, fault) : 0;
      if (!Character.isLowSurrogate((char) low)) {
        throw fault.apply("has half a surrogate pair");
      }
      value = Character.toCodePoint((char) value, (char) low);
    }
    return CodePoints.of(value);
  }

  private static int behindBrace(IntSupplier next) {
    int brace = next.getAsInt();
    return brace == '{' ? next.getAsInt() : brace;
  }

  private static int hex(int digits, IntSupplier next, Function<String, RuntimeException> fault) {
    int value = 0;
    for (int i = 0; i < digits; i++) {
      value = value << 4 | digit(next.getAsInt(), fault);
    }
    return value;
  }

  private static int digit(int c, Function<String, RuntimeException> fault) {
    int digit = c < 128 ? Character.digit(c, 16) : -1;
    if (digit < 0) {
      throw fault.apply("has an escape that is not hexadecimal");
    }
    return digit;
  }

  private static CodePoints category(
      boolean negated, IntSupplier next, Function<String, RuntimeException> fault) {
    StringBuilder name = new StringBuilder();
    int c = next.getAsInt();
    if (c == '{') {
      for (c = next.getAsInt(); c != '}' && name.length() < 32; c = next.getAsInt()) {
        name.appendCodePoint(c);
      }
    } else {
      name.appendCodePoint(c);
    }
    Integer mask = CATEGORIES.get(name.toString());
    if (mask == null) {
      throw fault.apply("has a property of characters that is not supported");
    }
    CodePoints set =
        OF_CATEGORY.computeIfAbsent(name.toString(), _ -> CodePoints.ofCategories(mask));
    return negated ? set.not() : set;
  }
}
