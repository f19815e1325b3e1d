package dev.outcrop.serving.metrics;

import java.util.List;

/**
 * Every metric: its name, type, labels and meaning. Dashboards and autoscaling read these names.
 */
public enum Metric {
  /** Requests that are over. */
  REQUESTS(
      "outcrop_requests_total",
      Type.COUNTER,
      "Requests that are over, by HTTP status; 499 where the client went away",
      "model",
      "operation",
      "status"),
  /** Time of a request. */
  REQUEST_SECONDS(
      "outcrop_request_duration_seconds",
      Type.HISTOGRAM,
      "Time from a request's arrival to its end",
      "model",
      "operation"),
  /** Tokens. */
  TOKENS(
      "outcrop_tokens_total",
      Type.COUNTER,
      "Tokens of requests that are over; kind is prompt, cached_prompt (part of prompt) or completion",
      "model",
      "tenant",
      "kind"),
  /** Generations that are over. */
  GENERATIONS(
      "outcrop_generations_total",
      Type.COUNTER,
      "Generations that are over, by result: completed, failed or abandoned by the client",
      "model",
      "result"),
  /** TTFT. */
  FIRST_TOKEN_SECONDS(
      "outcrop_time_to_first_token_seconds",
      Type.HISTOGRAM,
      "Time from a request's arrival to its first token",
      "model"),
  /** TPOT. */
  TOKEN_SECONDS(
      "outcrop_time_per_output_token_seconds",
      Type.HISTOGRAM,
      "Mean time between tokens of a completion after its first",
      "model"),
  /** Requests in a step. */
  RUNNING("outcrop_running", Type.GAUGE, "Requests that hold KV", "model"),
  /** Requests queued. */
  WAITING("outcrop_waiting", Type.GAUGE, "Requests that wait for KV", "model"),
  /** Prompt tokens to do. */
  WAITING_PROMPT_TOKENS(
      "outcrop_waiting_prompt_tokens",
      Type.GAUGE,
      "Prompt tokens not yet run, of running and waiting requests",
      "model"),
  /** KV units in use. */
  KV_UNITS_USED(
      "outcrop_kv_units_used",
      Type.GAUGE,
      "KV units; state is referenced (by running requests) or cached (kept for reuse)",
      "model",
      "state"),
  /** KV units in all. */
  KV_UNITS("outcrop_kv_units", Type.GAUGE, "KV units in all", "model"),
  /** Steps. */
  STEPS("outcrop_engine_steps_total", Type.COUNTER, "Steps of the engine", "model"),
  /** Tokens through the engine. */
  ENGINE_TOKENS(
      "outcrop_engine_tokens_total",
      Type.COUNTER,
      "Tokens run by the engine as they happen; kind is prompt or completion",
      "model",
      "kind"),
  /** Prompt tokens whose KV was there already, and others. */
  PREFIX_CACHE_TOKENS(
      "outcrop_prefix_cache_tokens_total",
      Type.COUNTER,
      "Prompt tokens of requests that started, each request once; result is hit or miss",
      "model",
      "result"),
  /** Requests that had to start again. */
  PREEMPTIONS(
      "outcrop_preemptions_total",
      Type.COUNTER,
      "How often a running request gave its KV up to another and was queued again",
      "model"),
  /** How fast prompts run. */
  PREFILL_RATE(
      "outcrop_prefill_tokens_per_second",
      Type.GAUGE,
      "Prompt tokens that a second of steps runs, as learned; 0 where not known yet",
      "model"),
  /** How fast completions grow. */
  DECODE_RATE(
      "outcrop_decode_tokens_per_second",
      Type.GAUGE,
      "Tokens that a second of decodes generates in batches of the present size, as learned",
      "model"),
  /** How well targets are kept. */
  SLO_BURN(
      "outcrop_slo_burn",
      Type.GAUGE,
      "Share of the last requests that missed a target over the share that may; target is"
          + " first_token or token_interval",
      "model",
      "target"),
  /** How much work is in. */
  LOAD(
      "outcrop_load",
      Type.GAUGE,
      "How many replicas like this one the requests in it need to keep the targets",
      "model"),
  /** The same in whole replicas. */
  DESIRED_REPLICAS(
      "outcrop_desired_replicas",
      Type.GAUGE,
      "The load as a whole number, between 0 where nothing is in and the configured most",
      "model"),
  /** Whether the model lives. */
  MODEL_UP(
      "outcrop_model_up", Type.GAUGE, "1 while the model's engine loop makes progress", "model"),
  /** Changes of the file of credentials. */
  AUTH_RELOADS(
      "outcrop_auth_reloads_total",
      Type.COUNTER,
      "Changes of the key file or policy file; result is taken, or refused where the file is wrong"
          + " and what was in force before stays so",
      "result"),
  /** Requests in the server. */
  IN_FLIGHT("outcrop_requests_in_flight", Type.GAUGE, "Requests that are in the server"),
  /** Memory of bodies. */
  REQUEST_BODY_BYTES(
      "outcrop_request_body_bytes",
      Type.GAUGE,
      "Memory that the bodies of requests hold; http.body-memory bounds it"),
  /** Whether requests are taken. */
  READY(
      "outcrop_ready",
      Type.GAUGE,
      "1 while the server takes requests and no engine is stuck or dead");

  private final String metricName;
  private final Type type;
  private final String help;
  private final String labels;

  Metric(String metricName, Type type, String help, String... labels) {
    this.metricName = metricName;
    this.type = type;
    this.help = help;
    this.labels = String.join(" ", labels);
  }

  /** The name in the exposition. */
  public String metricName() {
    return metricName;
  }

  /** The type. */
  public Type type() {
    return type;
  }

  /** What it means. */
  public String help() {
    return help;
  }

  /** The label names. */
  public List<String> labels() {
    return labels.isEmpty() ? List.of() : List.of(labels.split(" "));
  }

  /** What kind of metric. */
  public enum Type {
    /** Only grows. */
    COUNTER,
    /** Goes up and down. */
    GAUGE,
    /** Buckets, sum and count. */
    HISTOGRAM
  }
}
