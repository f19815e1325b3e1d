package dev.outcrop.serving.metrics;

import static dev.outcrop.serving.metrics.Metric.Type.COUNTER;
import static dev.outcrop.serving.metrics.Metric.Type.GAUGE;
import static dev.outcrop.serving.metrics.Metric.Type.HISTOGRAM;

/** The server's own metrics. */
enum OutcropMetric implements Metric {
  /** Requests that are over. */
  REQUESTS(
      "outcrop_requests_total",
      COUNTER,
      "Requests that are over, by HTTP status; 499 where the client went away",
      "model",
      "operation",
      "status"),
  /** Time of a request. */
  REQUEST_SECONDS(
      "outcrop_request_duration_seconds",
      HISTOGRAM,
      "Time from a request's arrival to its end",
      "model",
      "operation"),
  /** Tokens. */
  TOKENS(
      "outcrop_tokens_total",
      COUNTER,
      "Tokens of requests that are over; kind is prompt, cached_prompt (part of prompt) or"
          + " completion",
      "model",
      "tenant",
      "kind"),
  /** Tokens by what they were used for. */
  FEATURE_TOKENS(
      "outcrop_feature_tokens_total",
      COUNTER,
      "The same tokens by what they were for: api is converse, invoke, chat, completions,"
          + " responses, embeddings, rerank or batch, feature what the request's metadata says",
      "model",
      "api",
      "feature",
      "kind"),
  /** Generations that are over. */
  GENERATIONS(
      "outcrop_generations_total",
      COUNTER,
      "Generations that are over, by result: completed, failed or abandoned by the client",
      "model",
      "result"),
  /** TTFT. */
  FIRST_TOKEN_SECONDS(
      "outcrop_time_to_first_token_seconds",
      HISTOGRAM,
      "Time from a request's arrival to its first token",
      "model"),
  /** TPOT. */
  TOKEN_SECONDS(
      "outcrop_time_per_output_token_seconds",
      HISTOGRAM,
      "Mean time between tokens of a completion after its first",
      "model"),
  /** Requests in a step. */
  RUNNING("outcrop_running", GAUGE, "Requests that hold KV", "model"),
  /** Requests queued. */
  WAITING("outcrop_waiting", GAUGE, "Requests that wait for KV", "model"),
  /** Prompts to do. */
  WAITING_PROMPTS(
      "outcrop_waiting_prompts",
      GAUGE,
      "Requests with prompt tokens not yet run, running and waiting ones",
      "model"),
  /** Prompt tokens to do. */
  WAITING_PROMPT_TOKENS(
      "outcrop_waiting_prompt_tokens",
      GAUGE,
      "Prompt tokens not yet run, of running and waiting requests",
      "model"),
  /** KV units in use. */
  KV_UNITS_USED(
      "outcrop_kv_units_used",
      GAUGE,
      "KV units; state is referenced (by running requests) or cached (kept for reuse)",
      "model",
      "state"),
  /** KV units in all. */
  KV_UNITS("outcrop_kv_units", GAUGE, "KV units in all", "model"),
  /** Steps. */
  STEPS("outcrop_engine_steps_total", COUNTER, "Steps of the engine", "model"),
  /** Tokens through the engine. */
  ENGINE_TOKENS(
      "outcrop_engine_tokens_total",
      COUNTER,
      "Tokens run by the engine as they happen; kind is prompt or completion",
      "model",
      "kind"),
  /** Prompt tokens whose KV was there already, and others. */
  PREFIX_CACHE_TOKENS(
      "outcrop_prefix_cache_tokens_total",
      COUNTER,
      "Prompt tokens of requests that started, each request once; result is hit or miss",
      "model",
      "result"),
  /** Requests that had to start again. */
  PREEMPTIONS(
      "outcrop_preemptions_total",
      COUNTER,
      "How often a running request gave its KV up to another and was queued again",
      "model"),
  /** Guesses of tokens. */
  DRAFT_TOKENS(
      "outcrop_draft_tokens_total",
      COUNTER,
      "Tokens guessed ahead by speculative decoding",
      "model"),
  /** Right ones. */
  ACCEPTED_TOKENS(
      "outcrop_accepted_tokens_total",
      COUNTER,
      "Guessed tokens that the model then chose; part of the completion tokens",
      "model"),
  /** What fixed shapes cost. */
  PADDING_TOKENS(
      "outcrop_padding_tokens_total",
      COUNTER,
      "Tokens that steps computed only to fill the shapes that a bundle was compiled for",
      "model"),
  /** Of a bundle. */
  COMPILE_SECONDS(
      "outcrop_bundle_compile_seconds",
      GAUGE,
      "How long compiling the model's bundle took, as its manifest says",
      "model"),
  /** Of a bundle. */
  LOAD_SECONDS(
      "outcrop_bundle_load_seconds",
      GAUGE,
      "How long it took to bring the programs and weights of the model's bundle to the device",
      "model"),
  /** Of a bundle. */
  DEVICE_BYTES(
      "outcrop_bundle_device_bytes",
      GAUGE,
      "Memory that weights and KV of the model's bundle take on the device, counted and not"
          + " measured",
      "model"),
  /** How fast prompts run. */
  PREFILL_RATE(
      "outcrop_prefill_tokens_per_second",
      GAUGE,
      "Prompt tokens that a second of steps runs, as learned; 0 where not known yet",
      "model"),
  /** How fast completions grow. */
  DECODE_RATE(
      "outcrop_decode_tokens_per_second",
      GAUGE,
      "Tokens that a second of decodes generates in batches of the present size, as learned",
      "model"),
  /** How well targets are kept. */
  SLO_BURN(
      "outcrop_slo_burn",
      GAUGE,
      "Share of the last requests that missed a target over the share that may; target is"
          + " first_token or token_interval",
      "model",
      "target"),
  /** How much work is in. */
  LOAD(
      "outcrop_load",
      GAUGE,
      "How many replicas like this one the requests in it need to keep the targets",
      "model"),
  /** The same in whole replicas. */
  DESIRED_REPLICAS(
      "outcrop_desired_replicas",
      GAUGE,
      "The load as a whole number, between 0 where nothing is in and the configured most",
      "model"),
  /** How many requests a replica takes. */
  KNEE(
      "outcrop_knee",
      GAUGE,
      "Running requests up to which the token interval is kept, as learned, at most those that may"
          + " run; 0 where not known",
      "model"),
  /** Money. */
  COST(
      "outcrop_cost_usd_total",
      COUNTER,
      "USD that a model has cost by whose steps they were, at the node's price; tenant _idle is time"
          + " with nothing to run, _shared that of an encoder",
      "model",
      "tenant",
      "tier"),
  /** Money for tokens. */
  TOKEN_COST(
      "outcrop_usd_per_million_tokens",
      GAUGE,
      "USD for a million tokens over the last window, idle time included; kind is input (computed"
          + " prompt tokens), output or blended (all tokens, cached ones too)",
      "model",
      "kind"),
  /** What Bedrock asks for them. */
  BEDROCK_PRICE(
      "outcrop_bedrock_list_price_usd_per_million_tokens",
      GAUGE,
      "What Bedrock charges on demand for the same model by the price table; kind is input or"
          + " output",
      "model",
      "kind"),
  /** What the node costs. */
  NODE_PRICE("outcrop_node_usd_per_hour", GAUGE, "What the whole node costs"),
  /** What of it is this process's. */
  OWN_PRICE(
      "outcrop_process_usd_per_hour",
      GAUGE,
      "What of the node's price is this process's, by its devices"),
  /** Where the price is from. */
  PRICE_INFO(
      "outcrop_price_info",
      GAUGE,
      "1; price_source is config, opencost or table, price_date the day that the table's row is of",
      "price_source",
      "price_date",
      "instance",
      "purchase"),
  /** Whether the model lives. */
  MODEL_UP(
      "outcrop_model_up",
      GAUGE,
      "1 while the model's engine loop makes progress, 0 where it does not and while the model"
          + " loads",
      "model"),
  /** Changes of the file of credentials. */
  AUTH_RELOADS(
      "outcrop_auth_reloads_total",
      COUNTER,
      "Changes of the key file or policy file; result is taken, or refused where the file is wrong"
          + " and what was in force before stays so",
      "result"),
  /** Replicas that share the quotas. */
  LIVE_REPLICAS(
      "outcrop_live_replicas",
      GAUGE,
      "Replicas that the quotas of the policy are divided by, as auth.replicas-file tells"),
  /** Requests in the server. */
  IN_FLIGHT("outcrop_requests_in_flight", GAUGE, "Requests that are in the server"),
  /** Memory of bodies. */
  REQUEST_BODY_BYTES(
      "outcrop_request_body_bytes",
      GAUGE,
      "Memory that the bodies of requests hold; http.body-memory bounds it"),
  /** Whether requests are to be sent here. */
  READY(
      "outcrop_ready",
      GAUGE,
      "1 while /readyz answers 200: models loaded, none stuck or dead, no drain asked for");

  private final String metricName;
  private final Type type;
  private final String help;
  private final String labels;

  OutcropMetric(String metricName, Type type, String help, String... labels) {
    this.metricName = metricName;
    this.type = type;
    this.help = help;
    this.labels = String.join(" ", labels);
  }

  @Override
  public Spec spec() {
    return new Spec(metricName, type, help, labels);
  }
}
