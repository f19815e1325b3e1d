package dev.outcrop.serving.plan;

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

  /** MLPerf's server scenario of Llama 3.1 8B. */
  public static final Slo SERVER = new Slo(2, 0.1);

  private static final Pattern PART =
      Pattern.compile("(ttft|tpot)=(\\d{1,9}(?:\\.\\d{1,6})?)(ms|s)?");
  private static final double MILLIS = 1e3;

  /** Checks the times. */
  public Slo {
    if (!(ttft > 0) || !(tpot > 0)) {
      throw new IllegalArgumentException("a promised time is above 0");
    }
  }

  /**
   * Reads {@code ttft=2000,tpot=100}, in milliseconds unless it says {@code s}.
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
      double seconds = Double.parseDouble(form.group(2)) / ("s".equals(form.group(3)) ? 1 : MILLIS);
      slo = form.group(1).equals("ttft") ? new Slo(seconds, slo.tpot) : new Slo(slo.ttft, seconds);
    }
    return slo;
  }

  /** As {@link #parse} reads it, in milliseconds. */
  public String text() {
    return "ttft=" + millis(ttft) + ",tpot=" + millis(tpot);
  }

  private static String millis(double seconds) {
    return Double.isInfinite(seconds) ? "any" : String.valueOf(Math.round(seconds * MILLIS));
  }
}
