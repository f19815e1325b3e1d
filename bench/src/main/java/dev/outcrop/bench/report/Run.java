package dev.outcrop.bench.report;

import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A run of a benchmark from its beginning, when the machine is looked at, to the result that it
 * prints.
 *
 * @param benchmark the command's name
 * @param start when it began
 * @param machine where, and how loaded that was then
 */
public record Run(String benchmark, Instant start, Machine machine) {
  /** The folder of the tree that was built. */
  public static final Path HOME = Path.of(System.getenv().getOrDefault("OUTCROP_HOME", "."));

  /** Begins one. */
  public static Run begin(String benchmark) {
    return new Run(benchmark, Instant.now(), Machine.here());
  }

  /** Prints what came of it on stdout; the parameters are those of {@link RunResult}. */
  public void print(
      Map<String, Object> shape,
      int repeats,
      Map<String, String> units,
      List<? extends Map<String, ?>> results,
      Map<String, Number> headline) {
    System.out.println(result(shape, repeats, units, results, headline, List.of()).toJson());
  }

  /** What came of it; the parameters are those of {@link RunResult}. */
  public RunResult result(
      Map<String, Object> shape,
      int repeats,
      Map<String, String> units,
      List<? extends Map<String, ?>> results,
      Map<String, Number> headline,
      List<Series> series) {
    return new RunResult(
        benchmark,
        start.truncatedTo(ChronoUnit.SECONDS).toString(),
        Machine.commitOf(HOME),
        machine,
        shape,
        repeats,
        units,
        results,
        headline,
        series);
  }

  /** Names with their units, a line each: {@code name: unit}. */
  public static Map<String, String> units(String lines) {
    Map<String, String> units = new LinkedHashMap<>();
    lines.lines().map(line -> line.split(": ", 2)).forEach(parts -> units.put(parts[0], parts[1]));
    return units;
  }

  /** The value in the middle, or between the two that are. */
  public static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
