package dev.outcrop.bench.peers;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a contestant says to a request, or once when it is ready. */
sealed interface Reply {
  /** The token of a reply that tells none. */
  int NO_TOKEN = -1;

  /**
   * Measured.
   *
   * @param millis milliseconds of each step or run
   * @param token the likeliest token after a prompt, {@link #NO_TOKEN} where it was not asked for
   * @param settings what the contestant chose for the case
   */
  record Measured(double[] millis, int token, Map<String, String> settings) implements Reply {}

  /** Ready, with the settings it runs with. */
  record Ready(Map<String, String> settings) implements Reply {}

  /** It does not do such things. */
  record Absent(String reason) implements Reply {}

  /** It broke, and is not asked again. */
  record Failed(String reason) implements Reply {}

  /** Reads one line of a child. */
  static Reply read(String line) {
    JsonNode json;
    try {
      json = new ObjectMapper().readTree(line);
    } catch (JsonProcessingException e) {
      return new Failed("its answer is not JSON: " + shortened(line));
    }
    if (json.hasNonNull("error")) {
      return new Failed(json.get("error").asText());
    }
    if (json.hasNonNull("absent")) {
      return new Absent(json.get("absent").asText());
    }
    Map<String, String> settings = new LinkedHashMap<>();
    for (var field : json.path("settings").properties()) {
      settings.put(field.getKey(), field.getValue().asText().strip());
    }
    JsonNode times = json.path("millis");
    if (times.isMissingNode()) {
      return settings.isEmpty()
          ? new Failed("its answer has neither millis nor settings: " + shortened(line))
          : new Ready(settings);
    }
    double[] millis = new double[times.size()];
    for (int i = 0; i < millis.length; i++) {
      millis[i] = times.get(i).asDouble();
      if (!(millis[i] > 0)) {
        return new Failed("a time is not positive: " + shortened(line));
      }
    }
    return millis.length == 0
        ? new Failed("its answer has no times: " + shortened(line))
        : new Measured(millis, json.path("token").asInt(NO_TOKEN), settings);
  }

  private static String shortened(String line) {
    return line.length() <= 200 ? line : line.substring(0, 200) + "...";
  }
}
