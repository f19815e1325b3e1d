package dev.outcrop.bench;

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
 * @param repeats how often each figure was measured; figures are medians
 * @param units the unit of every figure in {@code results}
 * @param results one entry per measured point; every key has a unit
 */
@JsonPropertyOrder({
  "benchmark",
  "time",
  "commit",
  "machine",
  "shape",
  "repeats",
  "units",
  "results"
})
public record RunResult(
    String benchmark,
    String time,
    String commit,
    Machine machine,
    Map<String, Object> shape,
    int repeats,
    Map<String, String> units,
    List<Map<String, Number>> results) {

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  /** Copies the collections, keeping their order, and refuses a figure without a unit. */
  public RunResult {
    shape = new LinkedHashMap<>(shape);
    units = new LinkedHashMap<>(units);
    List<Map<String, Number>> copies = new ArrayList<>();
    for (Map<String, Number> result : results) {
      for (Map.Entry<String, Number> figure : result.entrySet()) {
        if (!units.containsKey(figure.getKey())) {
          throw new IllegalArgumentException("the figure " + figure.getKey() + " has no unit");
        }
        if (!Double.isFinite(figure.getValue().doubleValue())) {
          throw new IllegalArgumentException("the figure " + figure.getKey() + " is not finite");
        }
      }
      copies.add(new LinkedHashMap<>(result));
    }
    results = List.copyOf(copies);
    if (repeats < 1) {
      throw new IllegalArgumentException("repeats must be at least 1");
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
