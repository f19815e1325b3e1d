package dev.outcrop.bench.scenario;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import dev.outcrop.models.OutcropException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Reads scenarios, from a file or from those that are bundled. */
public final class ScenarioFile {
  /** The scenarios that are bundled. */
  public static final List<String> BUNDLED =
      List.of(
          "smoke",
          "chat",
          "conversation",
          "lognormal",
          "bursts",
          "prefix",
          "multi-turn",
          "tools",
          "rag",
          "concurrency",
          "saturate",
          "replay",
          "mlperf-8b-server",
          "mlperf-8b-interactive");

  private static final ObjectMapper YAML =
      new ObjectMapper(YAMLFactory.builder().build())
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private static final int MOST_REPEATS = 100;
  private static final int MOST_REQUESTS = 10_000_000;
  private static final int MOST_USERS = 100_000;
  private static final double MOST_RATE = 100_000;
  private static final double MOST_MS = 3_600_000;
  private static final Duration A_DAY = Duration.ofDays(1);

  private ScenarioFile() {}

  /**
   * Reads one.
   *
   * @param nameOrPath a bundled scenario's name, or a YAML file
   * @throws OutcropException in one sentence where there is none or it is wrong
   */
  public static Scenario read(String nameOrPath) throws IOException {
    if (BUNDLED.contains(nameOrPath)) {
      try (InputStream in = ScenarioFile.class.getResourceAsStream(nameOrPath + ".yaml")) {
        if (in == null) {
          throw new IllegalStateException("the scenario " + nameOrPath + " is not bundled");
        }
        return parse(nameOrPath, new String(in.readAllBytes(), StandardCharsets.UTF_8));
      }
    }
    Path file = Path.of(nameOrPath);
    if (!Files.isRegularFile(file)) {
      throw ScenarioError.SCENARIO_INVALID.because(
          "there is no scenario file %s, nor a scenario of that name: these are %s"
              .formatted(nameOrPath, String.join(", ", BUNDLED)));
    }
    return parse(nameOrPath, Files.readString(file));
  }

  /** Reads the text of one; the name is for errors and where the text tells none. */
  static Scenario parse(String file, String text) {
    JsonNode root;
    Map<String, Object> source;
    try {
      root = YAML.readTree(text);
      source = YAML.convertValue(root, new TypeReference<Map<String, Object>>() {});
    } catch (JsonProcessingException e) {
      throw ScenarioError.SCENARIO_INVALID.because(
          "%s: line %d is not YAML"
              .formatted(file, e.getLocation() == null ? 1 : e.getLocation().getLineNr()));
    } catch (IllegalArgumentException e) {
      throw ScenarioError.SCENARIO_INVALID.because("%s: must hold keys".formatted(file));
    }
    Keys keys = Keys.of(file, root);
    Arrivals arrivals = arrivals(keys);
    Scenario scenario =
        new Scenario(
            keys.text("name", file),
            keys.text("description", ""),
            keys.yes("evidence", true),
            arrivals,
            shape(keys, arrivals),
            extent(keys, arrivals),
            warmup(keys),
            keys.count("repeats", 3, 1, MOST_REPEATS),
            keys.has("seed") ? (Long) keys.whole("seed") : null,
            slo(keys),
            keys.time("timeout", Duration.ofMinutes(10)),
            keys.yes("ignoreEos", false),
            keys.number("temperature", 0, 0, 2),
            source);
    keys.end();
    if (scenario.timeout().isZero() || scenario.timeout().compareTo(A_DAY) > 0) {
      throw keys.wrong("timeout", "must be above 0 and at most a day");
    }
    return scenario;
  }

  private static Arrivals arrivals(Keys keys) {
    Keys all = keys.section("arrivals");
    String kind = all.choice(List.of("poisson", "gamma", "replay", "closed", "saturate"));
    Keys of = all.section(kind);
    Arrivals arrivals =
        switch (kind) {
          case "poisson" -> new Arrivals.Poisson(of.numbers("rate", 1e-4, MOST_RATE));
          case "gamma" ->
              new Arrivals.Gamma(
                  of.numbers("rate", 1e-4, MOST_RATE), of.number("burstiness", 0.01, 1_000));
          case "replay" ->
              new Arrivals.Replay(
                  of.has("file") ? Path.of(of.text("file", "")) : null,
                  of.number("speed", 1, 1e-3, 1e6),
                  of.text("model", ""));
          case "closed" -> new Arrivals.Closed(of.counts("concurrency", 1, MOST_USERS));
          default ->
              new Arrivals.Saturate(
                  of.count("rates", 6, 1, 100), of.count("mostUsers", 256, 1, MOST_USERS));
        };
    of.end();
    return arrivals;
  }

  private static Shape shape(Keys keys, Arrivals arrivals) {
    boolean replay = arrivals instanceof Arrivals.Replay;
    if (replay && !keys.has("shape")) {
      return new Shape.Recorded();
    }
    if (replay) {
      throw keys.wrong("shape", "must be left out with arrivals.replay, which has lengths");
    }
    return ShapeKeys.read(keys.section("shape"));
  }

  private static Extent extent(Keys keys, Arrivals arrivals) {
    boolean both = keys.has("requests") && keys.has("duration");
    if (both) {
      throw keys.wrong("duration", "must be left out where requests says how many");
    }
    if (keys.has("requests")) {
      return new Extent.Requests(keys.count("requests", 1, MOST_REQUESTS));
    }
    if (!keys.has("duration") && arrivals instanceof Arrivals.Replay) {
      return new Extent.Requests(MOST_REQUESTS);
    }
    return new Extent.Lasting(positive(keys, "duration"));
  }

  private static Extent warmup(Keys keys) {
    if (keys.isNumber("warmup")) {
      return new Extent.Requests(keys.count("warmup", 0, MOST_REQUESTS));
    }
    return new Extent.Lasting(keys.time("warmup", Duration.ZERO));
  }

  private static Duration positive(Keys keys, String key) {
    Duration time = keys.time(key);
    if (time.isZero() || time.compareTo(A_DAY) > 0) {
      throw keys.wrong(key, "must be above 0 and at most a day");
    }
    return time;
  }

  private static Slo slo(Keys keys) {
    if (!keys.has("slo")) {
      return new Slo(2_000, 100);
    }
    Keys slo = keys.section("slo");
    Slo read = new Slo(slo.number("ttft", 1, MOST_MS), slo.number("tpot", 0.01, MOST_MS));
    slo.end();
    return read;
  }
}
