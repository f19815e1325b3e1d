package dev.outcrop.bench.dollars;

import dev.outcrop.bench.report.LoadFigures;
import dev.outcrop.bench.report.ResultFile;
import dev.outcrop.bench.report.RunResult;
import dev.outcrop.serving.plan.Slo;
import dev.outcrop.serving.plan.TokenRates;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * What a {@code bench load} brought, as far as money is concerned.
 *
 * @param name the file's name, for tables
 * @param commit of the code that was measured
 * @param instance the type that it ran on, null where it does not say
 * @param model the model that was asked, likewise
 * @param devices how many of them answered, 0 where it does not say
 * @param slo the promise that its goodput kept; of what it does not say, none
 * @param points what was measured, each with its own load
 */
record MeasuredRun(
    String name,
    String commit,
    @Nullable String instance,
    @Nullable String model,
    int devices,
    Slo slo,
    List<Point> points) {
  private static final String LOAD = "load";
  private static final double TOLERANCE = 1 + 1e-9;
  private static final double MILLIS = 1e3;

  /**
   * One load.
   *
   * @param rates tokens a second, of whatever was answered
   * @param requests requests a second that were answered
   * @param good requests a second that kept every promise
   */
  record Point(TokenRates rates, double requests, double good) {
    /**
     * Tokens a second, scaled by the share of requests that kept every promise: as if they were as
     * long as the others.
     */
    TokenRates goodput() {
      return rates.times(requests > 0 ? Math.min(1, good / requests) : 0);
    }
  }

  /**
   * Reads a result of bench load, or those among the results of a report.
   *
   * @throws IOException that names the file, and the figure that is missing
   */
  static List<MeasuredRun> read(Path file) throws IOException {
    List<RunResult> results = ResultFile.readAll(file);
    String name = String.valueOf(file.getFileName());
    if (results.size() == 1) {
      return List.of(of(name, file, results.getFirst()));
    }
    List<MeasuredRun> runs = new ArrayList<>();
    for (int i = 0; i < results.size(); i++) {
      if (results.get(i).benchmark().equals(LOAD)) {
        runs.add(of("%s[%d]".formatted(name, i), file, results.get(i)));
      }
    }
    if (runs.isEmpty()) {
      throw wrong(file, "holds no result of bench load");
    }
    return runs;
  }

  private static MeasuredRun of(String name, Path file, RunResult result) throws IOException {
    if (!result.benchmark().equals(LOAD)) {
      throw wrong(file, "benchmark is '" + result.benchmark() + "', must be 'load'");
    }
    List<Point> points = new ArrayList<>();
    int index = 0;
    for (Map<String, ?> point : result.results()) {
      Object valid = point.get(LoadFigures.VALID);
      if (valid == null || valid.equals("yes")) {
        points.add(point(file, "results[" + index + "]", point));
      }
      index++;
    }
    if (points.isEmpty()) {
      throw wrong(file, "results holds no valid point");
    }
    return new MeasuredRun(
        name,
        result.commit(),
        text(result.shape().get("instance")),
        text(result.shape().get("model")),
        (int) number(result.shape(), "devices").orElse(0),
        new Slo(promised(result.shape(), "sloTtftMs"), promised(result.shape(), "sloTpotMs")),
        points);
  }

  private static double promised(Map<String, ?> shape, String name) {
    double millis = number(shape, name).orElse(0);
    return millis > 0 ? millis / MILLIS : Double.POSITIVE_INFINITY;
  }

  private static @Nullable String text(@Nullable Object value) {
    return value instanceof String text && !text.isBlank() ? text : null;
  }

  private static Point point(Path file, String where, Map<String, ?> figures) throws IOException {
    double output = needed(file, where, figures, LoadFigures.OUTPUT_THROUGHPUT);
    double input = needed(file, where, figures, LoadFigures.INPUT_THROUGHPUT);
    double requests = needed(file, where, figures, LoadFigures.REQUEST_THROUGHPUT);
    double good = needed(file, where, figures, LoadFigures.GOODPUT);
    double cached = number(figures, LoadFigures.CACHED_THROUGHPUT).orElse(0);
    if (cached > input) {
      throw wrong(file, where + " has more cached tokens than input");
    }
    return new Point(new TokenRates(input, cached, output), requests, good);
  }

  private static double needed(Path file, String where, Map<String, ?> figures, String name)
      throws IOException {
    OptionalDouble value = number(figures, name);
    if (value.isEmpty()) {
      throw wrong(file, "%s.%s is missing".formatted(where, name));
    }
    return value.getAsDouble();
  }

  private static OptionalDouble number(Map<String, ?> figures, String name) {
    return figures.get(name) instanceof Number value
            && value.doubleValue() >= 0
            && Double.isFinite(value.doubleValue())
        ? OptionalDouble.of(value.doubleValue())
        : OptionalDouble.empty();
  }

  private static IOException wrong(Path file, String problem) {
    return new IOException(file + ": " + problem);
  }

  /** Whether its goodput kept a promise: what it was measured by is as strict or stricter. */
  boolean kept(Slo promise) {
    return slo.ttft() <= promise.ttft() * TOLERANCE && slo.tpot() <= promise.tpot() * TOLERANCE;
  }

  /** Where most requests kept their promises. */
  Point best() {
    return points.stream().max(Comparator.comparingDouble(Point::good)).orElseThrow();
  }

  /** Where most tokens came, promises or not. */
  Point busiest() {
    return points.stream()
        .max(Comparator.comparingDouble((Point point) -> point.rates().all()))
        .orElseThrow();
  }
}
