package dev.outcrop.bench.report;

import java.util.Arrays;
import java.util.OptionalDouble;
import org.apache.commons.statistics.distribution.TDistribution;

/** What a few repeats tell of the mean they would have in the long run. */
public final class Confidence {
  private static final double TAIL = 0.025;

  private Confidence() {}

  /** The mean. */
  public static double mean(double[] values) {
    return Arrays.stream(values).average().orElse(Double.NaN);
  }

  /**
   * Half the width of the 95 % confidence interval around the mean, by Student's t distribution.
   * One value alone tells none.
   */
  public static OptionalDouble halfWidth(double[] values) {
    if (values.length < 2) {
      return OptionalDouble.empty();
    }
    double mean = mean(values);
    double squares = Arrays.stream(values).map(value -> (value - mean) * (value - mean)).sum();
    double error = Math.sqrt(squares / (values.length - 1) / values.length);
    return OptionalDouble.of(
        error * TDistribution.of(values.length - 1).inverseSurvivalProbability(TAIL));
  }
}
