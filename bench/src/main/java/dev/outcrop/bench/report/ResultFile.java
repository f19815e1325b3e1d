package dev.outcrop.bench.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads back what a bench command printed. */
public final class ResultFile {
  private static final ObjectMapper JSON =
      new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

  private static final long MAX_BYTES = 200_000_000;

  private static final Set<String> FIELDS =
      Set.of(
          "benchmark",
          "time",
          "commit",
          "machine",
          "shape",
          "repeats",
          "units",
          "results",
          "series");

  private ResultFile() {}

  /**
   * Reads the one result of a file.
   *
   * @throws IOException in one sentence where it is none, or several
   */
  public static RunResult read(Path file) throws IOException {
    List<RunResult> results = readAll(file);
    if (results.size() != 1) {
      throw new IOException(file + " holds " + results.size() + " results, one is wanted");
    }
    return results.getFirst();
  }

  /**
   * Reads a file with one result, or with a report's array of them.
   *
   * @throws IOException in one sentence where it is neither
   */
  public static List<RunResult> readAll(Path file) throws IOException {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new IOException(file + " has more than " + MAX_BYTES + " bytes");
      }
      JsonNode root = JSON.readTree(Files.readString(file));
      List<RunResult> results = new ArrayList<>();
      for (JsonNode each : root.isArray() ? root : List.of(root)) {
        results.add(parse(each));
      }
      if (results.isEmpty()) {
        throw new IOException(file + " holds no result");
      }
      return results;
    } catch (NoSuchFileException e) {
      throw new IOException("there is no file " + file, e);
    } catch (JsonProcessingException | IllegalArgumentException e) {
      throw new IOException(file + " is no result of outcrop bench", e);
    }
  }

  /** The same as a file that {@link #readAll} reads. */
  static String json(List<RunResult> results) {
    return results.stream().map(RunResult::toJson).collect(Collectors.joining(",\n", "[", "]\n"));
  }

  private static RunResult parse(JsonNode root) throws JsonProcessingException {
    if (!root.path("benchmark").isTextual()
        || !root.path("results").isArray()
        || !root.path("machine").isObject()) {
      throw new IllegalArgumentException("no result");
    }
    Map<String, Number> headline = new LinkedHashMap<>();
    root.properties()
        .forEach(
            field -> {
              if (!FIELDS.contains(field.getKey()) && field.getValue().isNumber()) {
                headline.put(field.getKey(), field.getValue().numberValue());
              }
            });
    List<Series> series = new ArrayList<>();
    for (JsonNode each : root.path("series")) {
      List<Double> x = new ArrayList<>();
      each.path("x").forEach(value -> x.add(value.asDouble()));
      series.add(
          new Series(
              each.path("figure").asText(),
              each.path("of").asText(),
              each.path("repeat").asInt(),
              x,
              values(each.path("y"))));
    }
    return new RunResult(
        root.path("benchmark").asText(),
        root.path("time").asText(),
        root.path("commit").asText(),
        JSON.treeToValue(root.path("machine"), Machine.class),
        map(root.path("shape"), new TypeReference<Map<String, Object>>() {}),
        root.path("repeats").asInt(1),
        map(root.path("units"), new TypeReference<Map<String, String>>() {}),
        JSON.convertValue(root.path("results"), new TypeReference<List<Map<String, Object>>>() {}),
        headline,
        series);
  }

  private static List<@Nullable Double> values(JsonNode array) {
    List<@Nullable Double> values = new ArrayList<>();
    array.forEach(value -> values.add(value.isNull() ? null : (Double) value.asDouble()));
    return values;
  }

  private static <V> Map<String, V> map(JsonNode node, TypeReference<Map<String, V>> type) {
    return node.isObject() ? JSON.convertValue(node, type) : Map.of();
  }
}
