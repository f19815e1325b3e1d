package dev.outcrop.serving.config;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A number of bytes, written {@code 512}, {@code 64KB}, {@code 20MB} or {@code 2GB}; a unit is
 * 1,024 times the one before.
 *
 * @param bytes how many
 */
public record ByteSize(long bytes) {
  private static final Pattern FORM = Pattern.compile("(\\d{1,15}) ?(B|KB|MB|GB|TB)?");
  private static final String UNITS = "BKMGT";

  /** Checks the number. */
  public ByteSize {
    Check.that(bytes >= 0, "a size must not be negative");
  }

  /** Megabytes. */
  public static ByteSize megabytes(int megabytes) {
    return new ByteSize((long) megabytes << 20);
  }

  /** Reads a size. */
  public static ByteSize parse(String text) {
    Matcher form = FORM.matcher(text.strip().toUpperCase(Locale.ROOT));
    if (!form.matches()) {
      throw new IllegalArgumentException("must be a size such as 512KB, 20MB or 2GB");
    }
    String unit = form.group(2);
    int power = unit == null ? 0 : UNITS.indexOf(unit.charAt(0));
    try {
      return new ByteSize(Math.multiplyExact(Long.parseLong(form.group(1)), 1L << (10 * power)));
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException("is too large a size", e);
    }
  }

  @Override
  public String toString() {
    long value = bytes;
    int unit = 0;
    while (value > 0 && value % 1_024 == 0 && unit < UNITS.length() - 1) {
      value /= 1_024;
      unit++;
    }
    return unit == 0 ? value + "B" : value + UNITS.substring(unit, unit + 1) + "B";
  }
}
