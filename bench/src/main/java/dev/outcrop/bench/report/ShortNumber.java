package dev.outcrop.bench.report;

import java.util.Locale;

/** Numbers as a table shows them. */
public final class ShortNumber {
  private ShortNumber() {}

  /** The number with three or more digits that count. */
  public static String of(double value) {
    double size = Math.abs(value);
    if (size >= 1e6) {
      return trimmed(String.format(Locale.ROOT, "%.2f", value / 1e6)) + "M";
    }
    if (size >= 1e4) {
      return trimmed(String.format(Locale.ROOT, "%.1f", value / 1e3)) + "k";
    }
    if (size >= 100 || value == 0) {
      return trimmed(String.format(Locale.ROOT, "%.1f", value));
    }
    return trimmed(String.format(Locale.ROOT, size >= 1 ? "%.2f" : "%.4f", value));
  }

  private static String trimmed(String number) {
    return number.contains(".") ? number.replaceAll("0+$", "").replaceAll("\\.$", "") : number;
  }
}
