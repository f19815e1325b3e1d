package dev.outcrop.bench.compare;

import dev.outcrop.bench.report.Confidence;
import dev.outcrop.bench.report.LoadFigures;
import dev.outcrop.bench.report.Run;
import dev.outcrop.bench.report.RunResult;
import dev.outcrop.bench.report.Series;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.commons.statistics.inference.MannWhitneyUTest;
import org.jspecify.annotations.Nullable;

/**
 * Compares the single values of two results by their ranks. Requests that failed have the worst
 * rank of all: a server that answers only the easy ones is not faster.
 */
final class MannWhitney {
  /** Below that, chance is not believed. */
  static final double SIGNIFICANT = 0.05;

  /** So much above or below a half is negligible, by Vargha and Delaney's scale. */
  static final double NEGLIGIBLE = 0.06;

  /** Shares that are less than that apart are no different: one request of a hundred. */
  static final double NEGLIGIBLE_SHARE = 0.01;

  private static final int LEAST_VALUES = 5;
  private static final String FAILURE = "failure";

  private static final List<Difference.Metric> METRICS =
      List.of(
          new Difference.Metric("ttft_ms", true, false),
          new Difference.Metric("tpot_ms", true, false),
          new Difference.Metric("e2el_ms", true, false),
          new Difference.Metric("itl_ms", true, false),
          new Difference.Metric("output_tokens_per_second", false, false),
          new Difference.Metric("good", false, true),
          new Difference.Metric(FAILURE, true, true));

  private MannWhitney() {}

  /** Every figure of every point that both results have values of, and that is valid in both. */
  static List<Difference> compare(RunResult before, RunResult after) {
    List<Difference> raw = new ArrayList<>();
    Set<String> points = new LinkedHashSet<>();
    before.series().forEach(series -> points.add(series.of()));
    points.removeAll(invalid(before));
    points.removeAll(invalid(after));
    for (String point : points) {
      for (Difference.Metric metric : METRICS) {
        Difference.Values a = values(before, point, metric.name());
        Difference.Values b = values(after, point, metric.name());
        if (a.all().length >= LEAST_VALUES && b.all().length >= LEAST_VALUES) {
          raw.add(difference(point, metric, a, b));
        }
      }
    }
    return Difference.judged(raw);
  }

  /** The points whose figures are not to be believed. */
  static Set<String> invalid(RunResult result) {
    Set<String> points = new LinkedHashSet<>();
    for (Map<String, ?> point : result.results()) {
      if (point.get(LoadFigures.VALID) instanceof String valid && !valid.equals("yes")) {
        points.add(String.valueOf(point.get(LoadFigures.POINT)));
      }
    }
    return points;
  }

  private static Difference difference(
      String point, Difference.Metric metric, Difference.Values a, Difference.Values b) {
    MannWhitneyUTest.Result tested = MannWhitneyUTest.withDefaults().test(a.all(), b.all());
    double aLarger = tested.getStatistic() / ((double) a.all().length * b.all().length);
    // Where all values are the same there is no variance, and no p.
    double p = Double.isNaN(tested.getPValue()) ? 1 : tested.getPValue();
    return new Difference(
        point,
        metric,
        a,
        b,
        p,
        Repeats.chance(metric.share(), a, b),
        p,
        metric.lowerIsBetter() ? aLarger : 1 - aLarger,
        Difference.Verdict.NO_DIFFERENCE);
  }

  private static Difference.Values values(RunResult result, String point, String name) {
    List<Double> all = new ArrayList<>();
    List<Double> middles = new ArrayList<>();
    List<Integer> sizes = new ArrayList<>();
    for (Series series : result.series()) {
      if (series.of().equals(point) && series.figure().equals(name)) {
        double[] ofRepeat = withFailures(series, failures(result, series));
        for (double value : ofRepeat) {
          all.add(value);
        }
        if (ofRepeat.length > 0) {
          boolean share = name.equals("good") || name.equals(FAILURE);
          sizes.add(ofRepeat.length);
          middles.add(share ? Confidence.mean(ofRepeat) : Run.median(ofRepeat));
        }
      }
    }
    return new Difference.Values(
        plain(all), plain(middles), sizes.stream().mapToInt(Integer::intValue).toArray());
  }

  /** Which requests failed, of those that a series tells one by one. */
  private static @Nullable Series failures(RunResult result, Series of) {
    if (!LoadFigures.OF_REQUESTS.contains(of.figure())) {
      return null;
    }
    return result.series().stream()
        .filter(
            series ->
                series.figure().equals(FAILURE)
                    && series.of().equals(of.of())
                    && series.repeat() == of.repeat())
        .findFirst()
        .orElse(null);
  }

  private static double[] withFailures(Series series, @Nullable Series failures) {
    List<Double> values = new ArrayList<>();
    for (int i = 0; i < series.y().size(); i++) {
      Double value = series.y().get(i);
      Double failed = failures == null ? null : failures.y().get(i);
      if (value != null) {
        values.add(value);
      } else if (failed != null && failed > 0) {
        values.add(Double.POSITIVE_INFINITY);
      }
    }
    return plain(values);
  }

  private static double[] plain(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }
}
