package dev.outcrop.bench.load;

import dev.outcrop.bench.report.Confidence;
import dev.outcrop.bench.report.LoadFigures;
import dev.outcrop.bench.report.Series;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Puts the repeats of every point together: means with their confidence intervals, and the single
 * values that comparisons and plots need.
 */
final class LoadResult {
  private static final double MICROS_PER_MS = 1e3;
  private static final int CURVE = 100;

  private final Map<Point, List<LoadRun.Repeat>> points;
  private final int devices;

  LoadResult(Map<Point, List<LoadRun.Repeat>> points, int devices) {
    this.points = points;
    this.devices = devices;
  }

  /** An entry for each point. */
  List<Map<String, Object>> results() {
    List<Map<String, Object>> results = new ArrayList<>();
    points.forEach((point, repeats) -> results.add(result(point, repeats)));
    return results;
  }

  private Map<String, Object> result(Point point, List<LoadRun.Repeat> repeats) {
    Map<String, Object> result = new LinkedHashMap<>(point.described());
    List<Map<String, Double>> all =
        repeats.stream().map(repeat -> repeat.figures(devices)).toList();
    Set<String> names = new LinkedHashSet<>();
    all.forEach(figures -> names.addAll(figures.keySet()));
    for (String name : names) {
      double[] values =
          all.stream()
              .map(figures -> figures.get(name))
              .filter(Objects::nonNull)
              .mapToDouble(Double::doubleValue)
              .toArray();
      result.put(name, rounded(Confidence.mean(values)));
      Confidence.halfWidth(values)
          .ifPresent(width -> result.put(LoadFigures.CI + name, rounded(width)));
    }
    Object offered = result.get(LoadFigures.OFFERED);
    if (point instanceof Point.Open open && open.conversations() && offered != null) {
      result.put(LoadFigures.RATE, offered); // plots go by requests
    }
    Map<String, Integer> failures = new TreeMap<>();
    repeats.forEach(
        repeat ->
            repeat.measure().failures().forEach((why, n) -> failures.merge(why, n, Integer::sum)));
    if (!failures.isEmpty()) {
      result.put(
          "failures",
          failures.entrySet().stream()
              .map(entry -> entry.getKey() + ": " + entry.getValue())
              .collect(Collectors.joining(", ")));
    }
    result.put(
        "slo", repeats.stream().allMatch(each -> each.measure().meetsSlo()) ? "met" : "missed");
    result.put(LoadFigures.VALID, valid(repeats));
    return result;
  }

  private static String valid(List<LoadRun.Repeat> repeats) {
    for (int i = 0; i < repeats.size(); i++) {
      String invalid = repeats.get(i).invalid();
      if (invalid != null) {
        return "no, in repeat %d %s".formatted(i + 1, invalid);
      }
    }
    return "yes";
  }

  /** What the run is for: the best of all points that are valid. */
  Map<String, Number> headline() {
    Map<String, Number> headline = new LinkedHashMap<>();
    List<Map<String, Object>> results = results();
    best(results, LoadFigures.GOODPUT, headline);
    best(results, LoadFigures.OUTPUT_THROUGHPUT, headline);
    best(results, LoadFigures.OUTPUT_PER_USER, headline);
    headline.put("invalid_points", invalidPoints());
    return headline;
  }

  /** The units of all that there is. */
  Map<String, String> units() {
    Set<String> names = new LinkedHashSet<>(headline().keySet());
    results().forEach(result -> names.addAll(result.keySet()));
    series().forEach(series -> names.add(series.figure()));
    Map<String, String> units = new LinkedHashMap<>(LoadFigures.units());
    units.keySet().retainAll(names);
    return units;
  }

  /** Points whose figures are not to be believed. */
  int invalidPoints() {
    return (int) points.values().stream().filter(repeats -> !valid(repeats).equals("yes")).count();
  }

  private static void best(
      List<Map<String, Object>> results, String name, Map<String, Number> headline) {
    results.stream()
        .filter(result -> "yes".equals(result.get(LoadFigures.VALID)))
        .map(result -> result.get(name))
        .filter(Number.class::isInstance)
        .mapToDouble(value -> ((Number) value).doubleValue())
        .max()
        .ifPresent(most -> headline.put("max_" + name, most));
  }

  /** Single values, bounded in number. */
  List<Series> series() {
    List<Series> series = new ArrayList<>();
    points.forEach(
        (point, repeats) -> {
          String label = point.label();
          for (int i = 0; i < repeats.size(); i++) {
            ofRepeat(label, i + 1, repeats.get(i), series);
          }
          gapCurve(repeats, label, series);
        });
    return series;
  }

  private static void ofRepeat(
      String label, int number, LoadRun.Repeat repeat, List<Series> series) {
    Measure measure = repeat.measure();
    List<Measure.Sample> samples = measure.samples();
    add(series, "ttft_ms", label, number, samples, Measure.Sample::ttftMs);
    add(series, "tpot_ms", label, number, samples, Measure.Sample::tpotMs);
    add(series, "e2el_ms", label, number, samples, Measure.Sample::e2eMs);
    add(series, "good", label, number, samples, sample -> sample.good() ? 1.0 : 0.0);
    add(series, "failure", label, number, samples, sample -> sample.failed() ? 1.0 : 0.0);
    series.add(Series.samples("itl_ms", label, number, measure.gaps()));
    series.add(
        Series.samples("output_tokens_per_second", label, number, measure.tokensPerSecond()));
    List<Timeline.Look> looks = repeat.looks();
    over(series, "kv_cache_usage", label, number, looks, Timeline.Look::kvUsage);
    over(series, "requests_running", label, number, looks, Timeline.Look::running);
    over(series, "requests_waiting", label, number, looks, Timeline.Look::waiting);
  }

  private static void add(
      List<Series> series,
      String figure,
      String label,
      int number,
      List<Measure.Sample> samples,
      Function<Measure.Sample, @Nullable Double> value) {
    List<@Nullable Double> values = new ArrayList<>();
    samples.forEach(sample -> values.add(value.apply(sample)));
    series.add(Series.samples(figure, label, number, values));
  }

  private static void over(
      List<Series> series,
      String figure,
      String label,
      int number,
      List<Timeline.Look> looks,
      Function<Timeline.Look, @Nullable Double> value) {
    List<@Nullable Double> values = new ArrayList<>();
    looks.forEach(look -> values.add(value.apply(look)));
    if (values.stream().anyMatch(Objects::nonNull)) {
      List<Double> seconds = looks.stream().map(Timeline.Look::seconds).toList();
      series.add(Series.curve(figure, label, number, seconds, values));
    }
  }

  /** How the gaps of all repeats are distributed: the share of them that is at most so long. */
  private static void gapCurve(List<LoadRun.Repeat> repeats, String label, List<Series> series) {
    Histogram all = new Histogram(3);
    repeats.forEach(repeat -> repeat.measure().addGapsTo(all));
    if (all.getTotalCount() == 0) {
      return;
    }
    List<Double> gaps = new ArrayList<>();
    List<Double> shares = new ArrayList<>();
    for (int percent = 1; percent <= CURVE; percent++) {
      gaps.add(all.getValueAtPercentile(percent) / MICROS_PER_MS);
      shares.add(percent / 100.0);
    }
    series.add(Series.curve("itl_cdf", label, 0, gaps, shares));
  }

  private static double rounded(double value) {
    return Math.round(value * 1e6) / 1e6;
  }
}
