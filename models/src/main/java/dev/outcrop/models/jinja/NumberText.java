package dev.outcrop.models.jinja;

import java.math.BigInteger;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads numbers as Python's int() and float() do. */
final class NumberText {
  private static final int MAX_LENGTH = 2000;
  private static final Pattern INTEGER =
      Pattern.compile("([+-]?)(0[xX]_?|0[oO]_?|0[bB]_?)?([0-9a-zA-Z]++(?:_[0-9a-zA-Z]++)*+)");
  private static final Pattern REAL =
      Pattern.compile("[+-]?(?:D\\.?(?:D)?|\\.D)(?:[eE][+-]?D)?".replace("D", "\\d++(?:_\\d++)*+"));

  private NumberText() {}

  static @Nullable BigInteger parseInteger(String text, int base) {
    if (base != 0 && (base < 2 || base > 36)) {
      return null;
    }
    String number = strip(text);
    if (number.length() > MAX_LENGTH) {
      return null;
    }
    Matcher matcher = INTEGER.matcher(number);
    if (!matcher.matches()) {
      return null;
    }
    String prefix = matcher.group(2);
    String digits = matcher.group(3).replace("_", "");
    int radix = base == 0 ? 10 : base;
    if (prefix != null) {
      int named =
          switch (Character.toLowerCase(prefix.charAt(1))) {
            case 'x' -> 16;
            case 'o' -> 8;
            default -> 2;
          };
      if (base == 0 || base == named) {
        radix = named;
      } else {
        digits = prefix.replace("_", "") + digits;
      }
    }
    try {
      return new BigInteger(matcher.group(1) + digits, radix);
    } catch (NumberFormatException notANumber) {
      return null;
    }
  }

  static @Nullable Double parseReal(String text) {
    String number = strip(text);
    if (number.length() > MAX_LENGTH) {
      return null;
    }
    String word = number.toLowerCase(Locale.ROOT).replaceFirst("^[+-]", "");
    double sign = number.startsWith("-") ? -1 : 1;
    if (word.equals("inf") || word.equals("infinity")) {
      return sign * Double.POSITIVE_INFINITY;
    }
    if (word.equals("nan")) {
      return Double.NaN;
    }
    return REAL.matcher(number).matches() ? Double.valueOf(number.replace("_", "")) : null;
  }

  private static String strip(String text) {
    int from = 0;
    int to = text.length();
    while (from < to && Python.isSpace(text.charAt(from))) {
      from++;
    }
    while (to > from && Python.isSpace(text.charAt(to - 1))) {
      to--;
    }
    // What is too long to be a number is not worth a copy.
    return to - from > MAX_LENGTH ? text : text.substring(from, to);
  }
}
