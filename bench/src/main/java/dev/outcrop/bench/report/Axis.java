package dev.outcrop.bench.report;

import java.util.ArrayList;
import java.util.List;

/**
 * An axis of a plot.
 *
 * @param low the value at its beginning
 * @param high the value at its end
 * @param log whether equal lengths are equal ratios
 * @param ticks the values that are marked
 */
record Axis(double low, double high, boolean log, List<Double> ticks) {
  private static final int TICKS = 5;
  private static final double[] OF_A_DECADE = {1, 2, 5};

  /** From 0 to a round number above all values; below 0 where there are such values. */
  static Axis linear(double least, double most) {
    double top = most > 0 ? most : least < 0 ? 0 : 1;
    double bottom = Math.min(0, least);
    double step = step((top - bottom) / TICKS);
    double low = Math.floor(bottom / step) * step;
    double high = Math.ceil(top / step - 1e-9) * step;
    List<Double> ticks = new ArrayList<>();
    for (int i = 0; low + i * step <= high + step * 1e-6; i++) {
      ticks.add(low + i * step);
    }
    return new Axis(low, high, false, ticks);
  }

  /** Between round numbers around all values, which are above 0. */
  static Axis logarithmic(double least, double most) {
    List<Double> marks = new ArrayList<>();
    double decade = Math.pow(10, Math.floor(Math.log10(least)));
    for (; decade <= most * 10; decade *= 10) {
      for (double part : OF_A_DECADE) {
        marks.add(part * decade);
      }
    }
    int from = 0;
    while (marks.get(from + 1) <= least * (1 + 1e-9)) {
      from++;
    }
    int to = from + 1;
    while (marks.get(to) < most * (1 - 1e-9)) {
      to++;
    }
    List<Double> inside = marks.subList(from, to + 1);
    boolean many = inside.size() > 8;
    List<Double> ticks = inside.stream().filter(mark -> !many || isPowerOfTen(mark)).toList();
    return new Axis(inside.getFirst(), inside.getLast(), true, ticks);
  }

  private static boolean isPowerOfTen(double value) {
    double exponent = Math.log10(value);
    return Math.abs(exponent - Math.rint(exponent)) < 1e-6;
  }

  private static double step(double least) {
    double decade = Math.pow(10, Math.floor(Math.log10(least)));
    for (double part : OF_A_DECADE) {
      if (part * decade >= least * (1 - 1e-9)) {
        return part * decade;
      }
    }
    return 10 * decade;
  }

  /** Where a value lies, from 0 to 1. */
  double share(double value) {
    return log
        ? Math.log(Math.max(value, low) / low) / Math.log(high / low)
        : (value - low) / (high - low);
  }
}
