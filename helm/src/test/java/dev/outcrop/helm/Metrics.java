package dev.outcrop.helm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The names that a scrape of a release's pods gives, and those that an expression of PromQL asks
 * for.
 */
final class Metrics {
  private static final Pattern OURS = Pattern.compile("\\b(?:outcrop|vllm|gen_ai)[a-z0-9_:]*");

  /** The servers' own list, which a test there holds to what a server answers. */
  private static final Path LIST = Path.of("..", "serving", "METRICS.md");

  private static final Pattern ROW =
      Pattern.compile("(?m)^\\| `([a-z0-9_:]+)` \\| (counter|gauge|histogram) \\|");

  /** What signals tells of itself. Its own tests hold this list. */
  private static final Set<String> SIGNALS =
      Set.of(
          "outcrop_signals_desired_replicas",
          "outcrop_signals_told_replicas",
          "outcrop_signals_silent_pods",
          "outcrop_signals_pods",
          "outcrop_signals_read_timestamp_seconds",
          "outcrop_signals_leader",
          "outcrop_signals_readings_total",
          "outcrop_signals_writes_total",
          "outcrop_signals_poll_seconds_bucket");

  private Metrics() {}

  static Set<String> names() throws IOException {
    Set<String> names = new TreeSet<>(SIGNALS);
    ROW.matcher(Files.readString(LIST))
        .results()
        .flatMap(
            row ->
                row.group(2).equals("histogram")
                    ? Stream.of("_bucket", "_sum", "_count").map(row.group(1)::concat)
                    : Stream.of(row.group(1)))
        .forEach(names::add);
    return names;
  }

  /** The metrics that an expression names. */
  static Set<String> in(String expression) {
    return OURS.matcher(expression.replaceAll("\"[^\"]*\"", ""))
        .results()
        .map(result -> result.group())
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
