package dev.outcrop.bench.report;

import com.fasterxml.jackson.annotation.JsonAnyGetter;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The one format in which every bench command prints what it measured, as JSON on stdout.
 *
 * @param benchmark the command that measured, such as {@code engine}
 * @param time when the run began, ISO-8601 in UTC
 * @param commit the commit of the code, with {@code -dirty} where the tree had changes
 * @param machine where it ran
 * @param shape what was run: the model's shape, its dtype and the run's settings
 * @param repeats how often each figure was measured; figures are medians, those of {@code load}
 *     means with intervals beside them
 * @param units the unit of every figure in {@code results} and {@code headline}
 * @param results one entry per measured point: figures, and names of what was measured; every key
 *     has a unit
 * @param headline the figures that the run is for, printed beside the fields of this format
 * @param series single values behind the figures, where a command keeps them
 */
@JsonPropertyOrder({
  "benchmark",
  "time",
  "commit",
  "machine",
  "shape",
  "repeats",
  "units",
  "results",
  "series"
})
public record RunResult(
    String benchmark,
    String time,
    String commit,
    Machine machine,
    Map<String, Object> shape,
    int repeats,
    Map<String, String> units,
    List<? extends Map<String, ?>> results,
    @JsonAnyGetter Map<String, Number> headline,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) List<Series> series) {

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  /** Copies the collections, keeping their order, and refuses a figure without a unit. */
  public RunResult {
    shape = new LinkedHashMap<>(shape);
    units = new LinkedHashMap<>(units);
    List<Map<String, Object>> copies = new ArrayList<>();
    for (Map<String, ?> result : results) {
      check(result, units);
      copies.add(new LinkedHashMap<>(result));
    }
    results = List.copyOf(copies);
    headline = new LinkedHashMap<>(headline);
    check(headline, units);
    series = List.copyOf(series);
    for (Series each : series) {
      if (!units.containsKey(each.figure())) {
        throw new IllegalArgumentException("the series " + each.figure() + " has no unit");
      }
    }
    if (repeats < 1) {
      throw new IllegalArgumentException("repeats must be at least 1");
    }
  }

  /** A result without single values. */
  public RunResult(
      String benchmark,
      String time,
      String commit,
      Machine machine,
      Map<String, Object> shape,
      int repeats,
      Map<String, String> units,
      List<? extends Map<String, ?>> results,
      Map<String, Number> headline) {
    this(benchmark, time, commit, machine, shape, repeats, units, results, headline, List.of());
  }

  /** A result without a headline. */
  public RunResult(
      String benchmark,
      String time,
      String commit,
      Machine machine,
      Map<String, Object> shape,
      int repeats,
      Map<String, String> units,
      List<? extends Map<String, ?>> results) {
    this(benchmark, time, commit, machine, shape, repeats, units, results, Map.of());
  }

  private static void check(Map<String, ?> figures, Map<String, String> units) {
    for (Map.Entry<String, ?> figure : figures.entrySet()) {
      if (!units.containsKey(figure.getKey())) {
        throw new IllegalArgumentException("the figure " + figure.getKey() + " has no unit");
      }
      switch (figure.getValue()) {
        case Number number when Double.isFinite(number.doubleValue()) -> {}
        case String _ -> {}
        case null ->
            throw new IllegalArgumentException("the figure " + figure.getKey() + " has no value");
        default ->
            throw new IllegalArgumentException("the figure " + figure.getKey() + " is not finite");
      }
    }
  }

  /** The result as indented JSON. */
  public String toJson() {
    try {
      return JSON.writeValueAsString(this);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a result is plain data and always prints", e);
    }
  }
}
