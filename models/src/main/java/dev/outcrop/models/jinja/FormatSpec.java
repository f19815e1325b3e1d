package dev.outcrop.models.jinja;

import dev.outcrop.models.jinja.Value.Int;
import dev.outcrop.models.jinja.Value.Real;
import dev.outcrop.models.jinja.Value.Str;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How one value is laid out: Python's format specification.
 *
 * @param align one of {@code < > ^ =}
 * @param sign one of {@code - +} and blank
 * @param grouping a comma, an underscore, or nothing
 * @param precision -1 for none
 * @param type the letter, or blank
 * @param trusted whether the template wrote the specification, and so the padding
 */
record FormatSpec(
    int fill,
    char align,
    char sign,
    boolean alternate,
    int width,
    String grouping,
    int precision,
    char type,
    boolean trusted) {
  /** No double has more digits behind the point. */
  private static final int MAX_FRACTION = 1074;

  private static final Pattern SPEC =
      Pattern.compile(
          "(?:(.)?([<>=^]))?([-+ ])?(#)?(0)?(\\d+)?([,_])?(?:\\.(\\d+))?([a-zA-Z%])?",
          Pattern.DOTALL);

  static FormatSpec parse(String spec, boolean trusted, Budget budget) {
    Matcher m = SPEC.matcher(spec);
    if (!m.matches()) {
      throw new Failure("a format specification cannot be read");
    }
    boolean zero = m.group(5) != null;
    String align = m.group(2);
    String fill = m.group(1);
    return new FormatSpec(
        fill != null ? fill.codePointAt(0) : zero ? '0' : ' ',
        align != null ? align.charAt(0) : zero ? '=' : ' ',
        m.group(3) == null ? '-' : m.group(3).charAt(0),
        m.group(4) != null,
        number(m.group(6), 0, budget),
        m.group(7) == null ? "" : m.group(7),
        number(m.group(8), -1, budget),
        m.group(9) == null ? ' ' : m.group(9).charAt(0),
        trusted);
  }

  static int number(@Nullable String digits, int absent, Budget budget) {
    if (digits == null) {
      return absent;
    }
    if (digits.length() > 6) {
      throw new Failure("a format has a width or precision that is too large");
    }
    int number = Integer.parseInt(digits);
    budget.makeString(number);
    return number;
  }

  void apply(TextBuilder out, Value value, Budget budget) {
    BigInteger whole = Types.index(value);
    if (value instanceof Str string) {
      string(out, string.text(), budget);
    } else if (whole != null && " dxXobn".indexOf(type) >= 0) {
      if (value instanceof Value.Bool && type == ' ') {
        throw new Failure("a boolean with a format specification is not supported");
      }
      integer(out, whole, value instanceof Int i && i.trusted(), budget);
    } else if (Comparing.isNumber(value)) {
      boolean made = value instanceof Real r ? r.trusted() : Numbers.trusted(value);
      real(out, Numbers.toDouble(value), made, budget);
    } else {
      throw Types.wrong(
          value, "a value of type '" + Types.name(value) + "' takes no format specification");
    }
  }

  void string(TextBuilder out, Text text, Budget budget) {
    if ((type != ' ' && type != 's') || align == '=') {
      throw new Failure("a format specification does not fit a string");
    }
    boolean cut = precision >= 0 && precision < text.codePoints();
    layOut(
        out, Text.EMPTY, cut ? text.slice(0, text.offset(precision, budget), budget) : text, '<');
  }

  void integer(TextBuilder out, BigInteger value, boolean made, Budget budget) {
    int radix =
        switch (type) {
          case 'x', 'X' -> 16;
          case 'o' -> 8;
          case 'b' -> 2;
          default -> 10;
        };
    String digits = value.abs().toString(radix);
    if (type == 'X') {
      digits = digits.toUpperCase(Locale.ROOT);
    }
    if (precision > digits.length()) {
      digits = "0".repeat(precision - digits.length()) + digits;
    }
    String prefix = alternate && radix != 10 ? "0" + type : "";
    layOut(
        out,
        Text.of(signOf(value.signum() < 0) + prefix, made && trusted),
        Text.of(grouped(digits), made),
        '>');
  }

  void real(TextBuilder out, double value, boolean made, Budget budget) {
    boolean negative = value < 0 || (value == 0 && 1 / value < 0);
    double size = Math.abs(value);
    String digits;
    if (Double.isNaN(size) || Double.isInfinite(size)) {
      digits = Double.isNaN(size) ? "nan" : "inf";
    } else {
      digits =
          switch (type) {
            case 'f', 'F' -> fixed(size, precision < 0 ? 6 : precision);
            case '%' -> percent(size * 100);
            case 'e', 'E' -> scientific(size, precision < 0 ? 6 : precision);
            case ' ' -> {
              if (precision >= 0) {
                throw unsupported();
              }
              yield Numbers.repr(size);
            }
            default -> throw unsupported();
          };
    }
    if (Character.isUpperCase(type)) {
      digits = digits.toUpperCase(Locale.ROOT);
    }
    int point = digits.indexOf('.');
    int whole = point < 0 ? digits.length() : point;
    String text =
        grouping.isEmpty() ? digits : grouped(digits.substring(0, whole)) + digits.substring(whole);
    layOut(out, Text.of(signOf(negative), made && trusted), Text.of(text, made), '>');
  }

  private Failure unsupported() {
    return new Failure("the format type '" + type + "' is not supported for this number");
  }

  private String percent(double value) {
    String digits = Double.isInfinite(value) ? "inf" : fixed(value, precision < 0 ? 6 : precision);
    return digits + "%";
  }

  private static String fixed(double value, int digits) {
    int exact = Math.min(digits, MAX_FRACTION);
    String rounded = new BigDecimal(value).setScale(exact, RoundingMode.HALF_EVEN).toPlainString();
    return rounded + "0".repeat(digits - exact);
  }

  private static String scientific(double value, int digits) {
    BigDecimal rounded = new BigDecimal(value).round(new MathContext(digits + 1));
    String unscaled = rounded.unscaledValue().toString();
    int exponent = value == 0 ? 0 : unscaled.length() - rounded.scale() - 1;
    String padded =
        unscaled.length() > digits
            ? unscaled.substring(0, digits + 1)
            : unscaled + "0".repeat(digits + 1 - unscaled.length());
    return "%s%se%s%02d"
        .formatted(
            padded.charAt(0),
            digits == 0 ? "" : "." + padded.substring(1),
            exponent < 0 ? "-" : "+",
            Math.abs(exponent));
  }

  private String signOf(boolean negative) {
    return negative ? "-" : sign == '-' ? "" : Character.toString(sign);
  }

  private String grouped(String digits) {
    if (grouping.isEmpty()) {
      return digits;
    }
    int head = digits.length() % 3;
    var out = new StringBuilder(digits.substring(0, head));
    for (int at = head; at < digits.length(); at += 3) {
      out.append(at == 0 ? "" : grouping).append(digits, at, at + 3);
    }
    return out.toString();
  }

  private void layOut(TextBuilder out, Text head, Text body, char usual) {
    int padding = Math.max(0, width - head.codePoints() - body.codePoints());
    char how = align == ' ' ? usual : align;
    int left = how == '>' ? padding : how == '^' ? padding / 2 : 0;
    pad(out, left);
    out.append(head);
    pad(out, how == '=' ? padding : 0);
    out.append(body);
    pad(out, how == '<' ? padding : how == '^' ? padding - left : 0);
  }

  private void pad(TextBuilder out, int count) {
    for (int i = 0; i < count; i++) {
      out.appendCodePoint(fill, trusted);
    }
  }
}
