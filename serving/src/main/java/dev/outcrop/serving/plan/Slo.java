package dev.outcrop.serving.plan;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What clients are promised.
 *
 * @param ttft seconds to the first token, infinite where nothing is promised
 * @param tpot seconds from one token to the next, likewise
 */
public record Slo(double ttft, double tpot) {
  /** Nothing is promised. */
  public static final Slo NONE = new Slo(Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY);

  private static final Pattern PART =
      Pattern.compile("(ttft|tpot)=(?:(\\d{1,9}(?:\\.\\d{1,6})?)(ms|s)?|any)");
  private static final double MILLIS = 1e3;
  private static final int DIGITS = 6; // behind the point, as many as are read

  /** Checks the times. */
  public Slo {
    if (!(ttft > 0) || !(tpot > 0)) {
      throw new IllegalArgumentException("a promised time is above 0");
    }
  }

  /**
   * Reads {@code ttft=2000,tpot=100}, in milliseconds unless it says {@code s}; {@code any} where
   * nothing is promised, as where a part is left out.
   *
   * @throws IllegalArgumentException with what is expected
   */
  public static Slo parse(String text) {
    Slo slo = NONE;
    for (String part : text.strip().toLowerCase(Locale.ROOT).split(",", -1)) {
      Matcher form = PART.matcher(part.strip());
      if (!form.matches()) {
        throw new IllegalArgumentException("must be ttft=MILLIS,tpot=MILLIS, was " + text);
      }
      double seconds =
          form.group(2) == null
              ? Double.POSITIVE_INFINITY
              : Double.parseDouble(form.group(2)) / ("s".equals(form.group(3)) ? 1 : MILLIS);
      slo = form.group(1).equals("ttft") ? new Slo(seconds, slo.tpot) : new Slo(slo.ttft, seconds);
    }
    return slo;
  }

  /** As {@link #parse} reads it, in milliseconds. */
  public String text() {
    return "ttft=" + millis(ttft) + ",tpot=" + millis(tpot);
  }

  private static String millis(double seconds) {
    return Double.isInfinite(seconds)
        ? "any"
        : BigDecimal.valueOf(seconds * MILLIS)
            .setScale(DIGITS, RoundingMode.HALF_UP)
            .stripTrailingZeros()
            .toPlainString();
  }
}
