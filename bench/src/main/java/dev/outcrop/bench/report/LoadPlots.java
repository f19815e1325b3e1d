package dev.outcrop.bench.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** The plots of results of {@code bench load}; several results share them. */
final class LoadPlots {
  private static final int MOST_CURVES = 8;

  private final List<Named> results;

  /**
   * A result by its name in legends.
   *
   * @param name empty where there is only one result
   */
  record Named(String name, RunResult result) {
    String with(String what) {
      return name.isEmpty() ? what : name + ": " + what;
    }
  }

  LoadPlots(List<Named> results) {
    this.results = results.stream().filter(named -> isLoad(named.result())).toList();
  }

  static boolean isLoad(RunResult result) {
    return result.benchmark().equals("load");
  }

  /** Those that have something to show. */
  List<Plot> plots() {
    List<Plot> plots =
        List.of(
            byRate("TTFT by rate", "ttft"),
            byRate("TPOT by rate", "tpot"),
            goodput(),
            throughput(),
            pareto(),
            gaps(),
            timeline("KV cache over time", "share of the KV cache", "kv_cache_usage"),
            timeline("Batch size over time", "requests running", "requests_running"),
            timeline("Queue over time", "requests waiting", "requests_waiting"));
    return plots.stream().filter(plot -> !plot.isEmpty()).toList();
  }

  private Plot byRate(String title, String time) {
    List<Plot.Line> lines = new ArrayList<>();
    for (int i = 0; i < results.size(); i++) {
      Named named = results.get(i);
      for (String percentile : List.of("median", "p99")) {
        String figure = LoadFigures.name(percentile, time);
        boolean median = percentile.equals("median");
        lines.add(
            new Plot.Line(
                named.with(median ? "p50" : percentile),
                dots(named.result(), LoadFigures.RATE, figure),
                !median,
                results.size() == 1 ? lines.size() : i));
      }
    }
    return new Plot(
        title,
        "requests/s that were due",
        time.toUpperCase(Locale.ROOT) + ", ms",
        false,
        true,
        lines);
  }

  private Plot goodput() {
    List<Plot.Line> lines = new ArrayList<>();
    for (int i = 0; i < results.size(); i++) {
      RunResult result = results.get(i).result();
      lines.add(
          new Plot.Line(
              results.get(i).with("goodput"),
              dots(result, LoadFigures.RATE, LoadFigures.GOODPUT),
              false,
              i));
    }
    return new Plot(
        "Goodput by rate", "requests/s that were due", "good requests/s", false, false, lines);
  }

  private Plot throughput() {
    List<Plot.Line> lines = new ArrayList<>();
    for (int i = 0; i < results.size(); i++) {
      lines.add(
          new Plot.Line(
              results.get(i).with("tokens/s out"),
              dots(results.get(i).result(), LoadFigures.CONCURRENCY, LoadFigures.OUTPUT_THROUGHPUT),
              false,
              i));
    }
    return new Plot(
        "Throughput by concurrency", "users at once", "tokens/s out", true, false, lines);
  }

  /**
   * Points that no other point of the run beats in both are joined; the others are left out, and so
   * are those that are not valid: they would beat others with figures nobody should believe.
   */
  private Plot pareto() {
    List<Plot.Line> lines = new ArrayList<>();
    for (int i = 0; i < results.size(); i++) {
      List<Plot.Dot> all =
          dots(results.get(i).result(), LoadFigures.OUTPUT_PER_USER, LoadFigures.OUTPUT_PER_DEVICE);
      lines.add(new Plot.Line(results.get(i).with("not beaten in both"), front(all), false, i));
    }
    return new Plot(
        "Throughput per device by speed per user",
        "tokens/s for one user",
        "tokens/s out per device",
        false,
        false,
        lines);
  }

  static List<Plot.Dot> front(List<Plot.Dot> all) {
    List<Plot.Dot> valid = all.stream().filter(Plot.Dot::valid).toList();
    return valid.stream()
        .filter(
            dot ->
                valid.stream()
                    .noneMatch(
                        other ->
                            other.x() >= dot.x()
                                && other.y() >= dot.y()
                                && (other.x() > dot.x() || other.y() > dot.y())))
        .toList();
  }

  private Plot gaps() {
    Curves curves = curves("itl_cdf", 0);
    return new Plot(
        "Gaps between pieces of answers (ITL)" + curves.note(" (", ")"),
        "ms",
        "share at most that long",
        true,
        false,
        curves.lines());
  }

  private Plot timeline(String title, String y, String figure) {
    Curves curves = curves(figure, 1);
    return new Plot(
        title + " (first repeat" + curves.note("; ", "") + ")",
        "s",
        y,
        false,
        false,
        curves.lines());
  }

  /**
   * Curves of a plot.
   *
   * @param left how many there is no room for
   */
  private record Curves(List<Plot.Line> lines, int left) {
    String note(String before, String after) {
      return left == 0 ? "" : "%s%d more not shown%s".formatted(before, left, after);
    }
  }

  /** Every result has the same share of the plot, and spreads it over its points. */
  private Curves curves(String figure, int repeat) {
    List<List<Series>> found = new ArrayList<>();
    int all = 0;
    for (Named named : results) {
      List<Series> of =
          named.result().series().stream()
              .filter(series -> series.figure().equals(figure) && series.repeat() == repeat)
              .toList();
      found.add(of);
      all += of.size();
    }
    int[] shares = new int[found.size()];
    int given = 0;
    for (int i = 0; given < Math.min(all, MOST_CURVES); i = (i + 1) % shares.length) {
      if (shares[i] < found.get(i).size()) {
        shares[i]++;
        given++;
      }
    }
    List<Plot.Line> lines = new ArrayList<>();
    for (int i = 0; i < shares.length; i++) {
      for (int n = 0; n < shares[i]; n++) {
        int last = found.get(i).size() - 1;
        int index = shares[i] == 1 ? last : Math.round((float) n * last / (shares[i] - 1));
        Series series = found.get(i).get(index);
        lines.add(
            new Plot.Line(results.get(i).with(series.of()), dots(series), false, lines.size()));
      }
    }
    return new Curves(lines, all - given);
  }

  private static List<Plot.Dot> dots(Series series) {
    List<Plot.Dot> dots = new ArrayList<>();
    for (int i = 0; i < series.x().size(); i++) {
      Double y = series.y().get(i);
      if (y != null) {
        double x = series.x().get(i);
        dots.add(new Plot.Dot(x, y, 0, ShortNumber.of(x) + ", " + ShortNumber.of(y)));
      }
    }
    return dots;
  }

  /** A figure by another, of the points that have both, in the order of x. */
  private static List<Plot.Dot> dots(RunResult result, String x, String y) {
    return result.results().stream()
        .filter(point -> point.get(x) instanceof Number && point.get(y) instanceof Number)
        .map(
            point ->
                new Plot.Dot(
                    number(point, x),
                    number(point, y),
                    point.get(LoadFigures.CI + y) instanceof Number
                        ? number(point, LoadFigures.CI + y)
                        : 0,
                    "%s: %s"
                            .formatted(
                                Objects.requireNonNullElse(point.get(LoadFigures.POINT), ""),
                                ShortNumber.of(number(point, y)))
                        + (isValid(point) ? "" : " (not valid)"),
                    isValid(point)))
        .sorted(Comparator.comparingDouble(Plot.Dot::x))
        .toList();
  }

  private static boolean isValid(Map<String, ?> point) {
    return "yes".equals(Objects.requireNonNullElse(point.get(LoadFigures.VALID), "yes"));
  }

  private static double number(Map<String, ?> point, String name) {
    return point.get(name) instanceof Number number ? number.doubleValue() : Double.NaN;
  }
}
