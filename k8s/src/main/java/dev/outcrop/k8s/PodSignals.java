package dev.outcrop.k8s;

import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What one serving pod says about one model: the figures that a replica count can be computed from.
 *
 * @param ready whether the pod takes requests
 * @param running requests that hold KV
 * @param waiting requests that wait for KV
 * @param waitingPromptTokens prompt tokens still to run
 * @param kvUse share of the KV cache that requests hold, 0 to 1
 */
public record PodSignals(
    boolean ready, int running, int waiting, long waitingPromptTokens, double kvUse) {
  private static final Pattern LABEL = Pattern.compile("([a-z_]+)=\"((?:[^\"\\\\]|\\\\.)*)\"");

  /**
   * Reads the signals out of a metrics page in the Prometheus text format, version 0.0.4.
   *
   * @param page what the pod's management port answers on /metrics
   * @param model the model's id
   * @throws IllegalArgumentException where the page lacks a figure; it names it
   */
  public static PodSignals parse(String page, String model) {
    Map<String, Double> samples = new HashMap<>();
    page.lines()
        .filter(line -> !line.isBlank() && !line.startsWith("#"))
        .forEach(line -> sample(line, model, samples));
    double units = figure(samples, "outcrop_kv_units");
    return new PodSignals(
        figure(samples, "outcrop_ready") == 1,
        (int) figure(samples, "outcrop_running"),
        (int) figure(samples, "outcrop_waiting"),
        (long) figure(samples, "outcrop_waiting_prompt_tokens"),
        units == 0 ? 0 : figure(samples, "outcrop_kv_units_used referenced") / units);
  }

  /** Adds a line's sample under its name and state, unless it is another model's. */
  private static void sample(String line, String model, Map<String, Double> samples) {
    int space = line.lastIndexOf(' ');
    int brace = line.indexOf('{');
    String name = line.substring(0, brace < 0 ? space : brace);
    String state = "";
    Matcher labels = LABEL.matcher(line);
    while (labels.find()) {
      if (labels.group(1).equals("model") && !labels.group(2).equals(escaped(model))) {
        return;
      }
      if (labels.group(1).equals("state")) {
        state = " " + labels.group(2);
      }
    }
    samples.put(name + state, value(line.substring(space + 1)));
  }

  private static double figure(Map<String, Double> samples, String name) {
    Double value = samples.get(name);
    if (value == null) {
      throw new IllegalArgumentException("the metrics page has no " + name + " for the model");
    }
    return value;
  }

  private static double value(String text) {
    return switch (text) {
      case "+Inf" -> Double.POSITIVE_INFINITY;
      case "-Inf" -> Double.NEGATIVE_INFINITY;
      default -> Double.parseDouble(text);
    };
  }

  private static String escaped(String label) {
    return label.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
  }
}
