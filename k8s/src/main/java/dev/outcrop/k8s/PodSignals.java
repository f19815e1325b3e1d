package dev.outcrop.k8s;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What one serving pod says about one model: the figures that a replica count can be computed from.
 *
 * @param ready whether the pod takes requests
 * @param modelUp whether the model's engine makes progress
 * @param running requests that hold KV
 * @param waiting requests that wait for KV
 * @param waitingPrompts requests with prompt tokens still to run, running and waiting ones
 * @param waitingPromptTokens prompt tokens still to run
 * @param kvUse share of the KV cache that requests hold, 0 to 1; 0 for a model without KV
 * @param pace what the pod learned of its speed
 * @param burn how well it keeps its targets
 */
public record PodSignals(
    boolean ready,
    boolean modelUp,
    int running,
    int waiting,
    int waitingPrompts,
    long waitingPromptTokens,
    double kvUse,
    Pace pace,
    Burn burn) {
  private static final Pattern LABEL = Pattern.compile("([a-z_]+)=\"((?:[^\"\\\\]|\\\\.)*)\"");
  private static final String READY = "outcrop_ready";
  private static final String MODEL_UP = "outcrop_model_up";
  private static final String RUNNING = "outcrop_running";
  private static final String WAITING = "outcrop_waiting";
  private static final String PROMPTS = "outcrop_waiting_prompts";
  private static final String PROMPT_TOKENS = "outcrop_waiting_prompt_tokens";
  private static final String KV_UNITS = "outcrop_kv_units";
  private static final String KV_USED = "outcrop_kv_units_used";
  private static final String RATE = "outcrop_prefill_tokens_per_second";
  private static final String KNEE = "outcrop_knee";
  private static final String LOAD = "outcrop_load";
  private static final String BURN = "outcrop_slo_burn";
  private static final String TOKENS = "outcrop_engine_tokens_total";
  private static final Set<String> NAMES =
      Set.of(
          READY,
          MODEL_UP,
          RUNNING,
          WAITING,
          PROMPTS,
          PROMPT_TOKENS,
          KV_UNITS,
          KV_USED,
          RATE,
          KNEE,
          LOAD,
          BURN,
          TOKENS);

  /**
   * What a pod learned of its speed from its own steps.
   *
   * @param prefillTokensPerSecond prompt tokens that a second of steps runs; 0 where not known yet
   * @param knee running requests up to which it keeps its token interval; 0 where not known yet
   * @param load how many replicas like it the work that is in it needs
   * @param promptTokensRun prompt tokens run since it started, a counter
   */
  public record Pace(
      double prefillTokensPerSecond, double knee, double load, long promptTokensRun) {
    /** Nothing known yet. */
    public static final Pace NONE = new Pace(0, 0, 0, 0);
  }

  /**
   * The share of the last requests that missed a target over the share that may; above 1 is too
   * many.
   *
   * @param firstToken of the time to the first token
   * @param tokenInterval of the time between tokens
   */
  public record Burn(double firstToken, double tokenInterval) {
    /** No request missed. */
    public static final Burn NONE = new Burn(0, 0);
  }

  /**
   * Reads the signals out of a metrics page in the Prometheus text format, version 0.0.4. Models
   * that only embed have no KV, no decodes and no targets; these figures are 0 then.
   *
   * @param page what the pod's management port answers on /metrics
   * @param model the model's id
   * @throws IllegalArgumentException where the page lacks a figure that every model has, or one is
   *     no number from 0 up; it names it
   */
  public static PodSignals parse(String page, String model) {
    Map<String, Double> samples = new HashMap<>();
    page.lines()
        .filter(line -> !line.isBlank() && !line.startsWith("#"))
        .forEach(line -> sample(line, model, samples));
    double units = other(samples, KV_UNITS);
    return new PodSignals(
        figure(samples, READY) == 1,
        figure(samples, MODEL_UP) == 1,
        (int) other(samples, RUNNING),
        (int) figure(samples, WAITING),
        (int) figure(samples, PROMPTS),
        (long) figure(samples, PROMPT_TOKENS),
        units == 0 ? 0 : figure(samples, KV_USED + " referenced") / units,
        new Pace(
            other(samples, RATE),
            other(samples, KNEE),
            other(samples, LOAD),
            (long) other(samples, TOKENS + " prompt")),
        new Burn(other(samples, BURN + " first_token"), other(samples, BURN + " token_interval")));
  }

  /** Adds a line's sample under its name and its other label, unless it is another model's. */
  private static void sample(String line, String model, Map<String, Double> samples) {
    int space = line.lastIndexOf(' ');
    int brace = line.indexOf('{');
    String name = line.substring(0, brace < 0 ? space : brace);
    if (!NAMES.contains(name)) {
      return;
    }
    String other = "";
    Matcher labels = LABEL.matcher(line);
    while (labels.find()) {
      if (!labels.group(1).equals("model")) {
        other = " " + labels.group(2);
      } else if (!labels.group(2).equals(escaped(model))) {
        return;
      }
    }
    samples.put(name + other, value(line.substring(space + 1)));
  }

  private static double figure(Map<String, Double> samples, String name) {
    if (!samples.containsKey(name)) {
      throw new IllegalArgumentException("the metrics page has no " + name + " for the model");
    }
    return other(samples, name);
  }

  /** A figure that not every model or version has. */
  private static double other(Map<String, Double> samples, String name) {
    double value = samples.getOrDefault(name, 0.0);
    if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("the metrics page has " + name + " = " + value);
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
