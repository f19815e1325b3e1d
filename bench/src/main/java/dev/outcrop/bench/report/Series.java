package dev.outcrop.bench.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Single values behind a figure: samples, a curve, or values over time.
 *
 * @param figure what they are; the result has its unit
 * @param of the name of the measured point
 * @param repeat from 1; 0 where all repeats are in it
 * @param x seconds of values over time, values of a distribution; empty for samples
 * @param y the values; null where there is none
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record Series(
    String figure, String of, int repeat, List<Double> x, List<@Nullable Double> y) {
  /** Copies the lists. */
  public Series {
    x = List.copyOf(x);
    y = Collections.unmodifiableList(new ArrayList<>(y));
    if (!x.isEmpty() && x.size() != y.size()) {
      throw new IllegalArgumentException("x and y of " + figure + " differ in length");
    }
  }

  /** Samples, to a thousandth. */
  public static Series samples(
      String figure, String of, int repeat, List<? extends @Nullable Double> values) {
    return new Series(figure, of, repeat, List.of(), rounded(values));
  }

  /** A curve, to a thousandth. */
  public static Series curve(
      String figure, String of, int repeat, List<Double> x, List<? extends @Nullable Double> y) {
    List<Double> at = x.stream().map(Series::rounded).toList();
    return new Series(figure, of, repeat, at, rounded(y));
  }

  private static List<@Nullable Double> rounded(List<? extends @Nullable Double> values) {
    List<@Nullable Double> rounded = new ArrayList<>();
    for (Double value : values) {
      rounded.add(value == null ? null : (Double) rounded(value));
    }
    return rounded;
  }

  private static double rounded(double value) {
    return Math.round(value * 1e3) / 1e3;
  }
}
