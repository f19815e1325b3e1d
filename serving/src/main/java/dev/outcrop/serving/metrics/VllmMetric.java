package dev.outcrop.serving.metrics;

import static dev.outcrop.serving.metrics.Metric.Type.COUNTER;
import static dev.outcrop.serving.metrics.Metric.Type.GAUGE;
import static dev.outcrop.serving.metrics.Metric.Type.HISTOGRAM;

/**
 * Names that vLLM gives to the same quantities, so that what reads them (endpoint pickers,
 * autoscalers, dashboards) reads this server too. Histograms are of requests that were completed,
 * except for times to the first token and between tokens, which count as they happen. A preemption
 * begins nothing again.
 */
enum VllmMetric implements Metric {
  /** Requests that hold KV. */
  RUNNING("num_requests_running", GAUGE, "Requests that hold KV"),
  /** Requests that wait for KV; of an encoder, texts that wait. */
  WAITING(
      "num_requests_waiting", GAUGE, "Requests that wait for KV; of an encoder, texts that wait"),
  /** Share of the KV that running requests hold, from 0 to 1. */
  KV_USE("kv_cache_usage_perc", GAUGE, "Share of the KV that running requests hold, from 0 to 1"),
  /** 1; block_size is the tokens of a KV unit, num_gpu_blocks how many units there are. */
  CACHE_CONFIG(
      "cache_config_info",
      GAUGE,
      "1; block_size is the tokens of a KV unit, num_gpu_blocks how many units there are",
      "block_size",
      "num_gpu_blocks"),
  /**
   * No adapters are served: max_lora is 0, no adapter runs or waits, and the value is 1 in place of
   * the time of a change.
   */
  LORA(
      "lora_requests_info",
      GAUGE,
      "No adapters are served: max_lora is 0, no adapter runs or waits, and the value is 1 in place of the time of a change",
      "max_lora",
      "running_lora_adapters",
      "waiting_lora_adapters"),
  /**
   * Prompt tokens of requests that started, found in the prefix cache or not, each request once.
   */
  PROMPT_TOKENS(
      "prompt_tokens_total",
      COUNTER,
      "Prompt tokens of requests that started, found in the prefix cache or not, each request once"),
  /** Tokens generated, as they come, stop tokens included. */
  GENERATION_TOKENS(
      "generation_tokens_total", COUNTER, "Tokens generated, as they come, stop tokens included"),
  /** Prompt tokens that were looked for in the prefix cache, each request once. */
  PREFIX_QUERIES(
      "prefix_cache_queries_total",
      COUNTER,
      "Prompt tokens that were looked for in the prefix cache, each request once"),
  /** Prompt tokens that were found in the prefix cache, each request once. */
  PREFIX_HITS(
      "prefix_cache_hits_total",
      COUNTER,
      "Prompt tokens that were found in the prefix cache, each request once"),
  /** How often a running request was queued again. */
  PREEMPTIONS("num_preemptions_total", COUNTER, "How often a running request was queued again"),
  /** Tokens guessed ahead by speculative decoding. */
  DRAFT_TOKENS(
      "spec_decode_num_draft_tokens_total",
      COUNTER,
      "Tokens guessed ahead by speculative decoding"),
  /** Guessed tokens that the model then chose. */
  ACCEPTED_TOKENS(
      "spec_decode_num_accepted_tokens_total", COUNTER, "Guessed tokens that the model then chose"),
  /**
   * Requests that are over; finished_reason is stop, length, abort (the client went away) or error.
   */
  SUCCESS(
      "request_success_total",
      COUNTER,
      "Requests that are over; finished_reason is stop, length, abort (the client went away) or error",
      "finished_reason"),
  /** Time from a request's arrival to its first token. */
  FIRST_TOKEN(
      "time_to_first_token_seconds", HISTOGRAM, "Time from a request's arrival to its first token"),
  /** Time between two tokens of a request, each of them. */
  INTER_TOKEN(
      "inter_token_latency_seconds",
      HISTOGRAM,
      "Time between two tokens of a request, each of them"),
  /** The older name of vllm:inter_token_latency_seconds. */
  OLD_INTER_TOKEN(
      "time_per_output_token_seconds",
      HISTOGRAM,
      "The older name of vllm:inter_token_latency_seconds"),
  /** Mean time between tokens of a request after its first. */
  PER_TOKEN(
      "request_time_per_output_token_seconds",
      HISTOGRAM,
      "Mean time between tokens of a request after its first"),
  /** Time from a request's arrival to its last token. */
  LATENCY(
      "e2e_request_latency_seconds", HISTOGRAM, "Time from a request's arrival to its last token"),
  /** Time from submit to the step that first ran a part of the request. */
  QUEUE(
      "request_queue_time_seconds",
      HISTOGRAM,
      "Time from submit to the step that first ran a part of the request"),
  /** Time from that step's begin to the first token. */
  PREFILL(
      "request_prefill_time_seconds", HISTOGRAM, "Time from that step's begin to the first token"),
  /** Time from the first token to the last. */
  DECODE("request_decode_time_seconds", HISTOGRAM, "Time from the first token to the last"),
  /** Time from the begin of the step that first ran a part of the request to the last token. */
  INFERENCE(
      "request_inference_time_seconds",
      HISTOGRAM,
      "Time from the begin of the step that first ran a part of the request to the last token"),
  /** Prompt tokens of a request. */
  REQUEST_PROMPT("request_prompt_tokens", HISTOGRAM, "Prompt tokens of a request"),
  /** Tokens generated for a request, a stop token included. */
  REQUEST_GENERATION(
      "request_generation_tokens",
      HISTOGRAM,
      "Tokens generated for a request, a stop token included");

  private final String metricName;
  private final Type type;
  private final String help;
  private final String labels;

  VllmMetric(String metricName, Type type, String help, String... labels) {
    this.metricName = "vllm:" + metricName;
    this.type = type;
    this.help = help;
    this.labels = ("model_name " + String.join(" ", labels)).strip();
  }

  @Override
  public Spec spec() {
    return new Spec(metricName, type, help, labels);
  }
}
