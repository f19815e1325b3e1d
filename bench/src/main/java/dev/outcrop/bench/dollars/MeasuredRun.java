package dev.outcrop.bench.dollars;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.serving.plan.Slo;
import dev.outcrop.serving.plan.TokenRates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
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
  private static final double TOLERANCE = 1 + 1e-9;
  private static final long MAX_BYTES = 200_000_000;
  private static final double MILLIS = 1e3;
  private static final ObjectMapper JSON = new ObjectMapper();

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
   * Reads a result.
   *
   * @throws IOException that names the file, and the key that is missing
   */
  static MeasuredRun read(Path file) throws IOException {
    JsonNode tree = tree(file);
    String benchmark = tree.path("benchmark").asText("");
    if (!benchmark.equals("load")) {
      throw wrong(file, "benchmark is '" + benchmark + "', must be 'load'");
    }
    List<Point> points = new ArrayList<>();
    int index = 0;
    for (JsonNode result : tree.path("results")) {
      if (result.path("valid").asText("yes").equals("yes")) {
        points.add(point(file, "results[" + index + "]", result));
      }
      index++;
    }
    if (points.isEmpty()) {
      throw wrong(file, "results holds no valid point");
    }
    return new MeasuredRun(
        String.valueOf(file.getFileName()),
        tree.path("commit").asText("unknown"),
        text(tree.path("shape").path("instance")),
        text(tree.path("shape").path("model")),
        tree.path("shape").path("devices").asInt(0),
        new Slo(
            promised(tree.path("shape"), "sloTtftMs"), promised(tree.path("shape"), "sloTpotMs")),
        points);
  }

  private static JsonNode tree(Path file) throws IOException {
    if (Files.size(file) > MAX_BYTES) {
      throw wrong(file, "has more than " + MAX_BYTES + " bytes");
    }
    try {
      return JSON.readTree(file.toFile());
    } catch (JsonProcessingException e) {
      throw new IOException(file + ": cannot be read as JSON", e);
    }
  }

  private static double promised(JsonNode shape, String name) {
    double millis = number(shape, name).orElse(0);
    return millis > 0 ? millis / MILLIS : Double.POSITIVE_INFINITY;
  }

  private static @Nullable String text(JsonNode node) {
    return node.isTextual() && !node.asText().isBlank() ? node.asText() : null;
  }

  private static Point point(Path file, String where, JsonNode result) throws IOException {
    double output = needed(file, where, result, "outputTokensPerSecond", "output_throughput");
    double input = needed(file, where, result, "inputTokensPerSecond", "input_throughput");
    double requests = needed(file, where, result, "requestsPerSecond", "request_throughput");
    double good = needed(file, where, result, "goodputRequestsPerSecond", "request_goodput");
    double cached = cached(result);
    if (cached > input) {
      throw wrong(file, where + " has more cached tokens than input");
    }
    return new Point(new TokenRates(input, cached, output), requests, good);
  }

  private static double cached(JsonNode result) {
    OptionalDouble rate = number(result, "cachedInputTokensPerSecond");
    rate = rate.isPresent() ? rate : number(result, "cached_input_throughput");
    if (rate.isPresent()) {
      return rate.getAsDouble();
    }
    double duration = number(result, "duration").orElse(0);
    double tokens = number(result, "cached_input_tokens").orElse(0);
    return duration > 0 ? tokens / duration : 0;
  }

  private static double needed(Path file, String where, JsonNode result, String name, String other)
      throws IOException {
    OptionalDouble value = number(result, name);
    value = value.isPresent() ? value : number(result, other);
    if (value.isEmpty()) {
      throw wrong(file, "%s.%s (or %s) is missing".formatted(where, name, other));
    }
    return value.getAsDouble();
  }

  private static OptionalDouble number(JsonNode result, String name) {
    JsonNode value = result.path(name);
    return value.isNumber() && value.doubleValue() >= 0 && Double.isFinite(value.doubleValue())
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
