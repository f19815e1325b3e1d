package dev.outcrop.serving.metrics;

import static dev.outcrop.serving.metrics.Metric.Type.HISTOGRAM;

/**
 * The metrics that OpenTelemetry's semantic conventions for generative AI have for servers ({@code
 * gen_ai.server.*}), under the names that Prometheus knows them by.
 */
enum GenAiMetric implements Metric {
  /** {@code gen_ai.server.request.duration}. */
  REQUEST(
      "gen_ai_server_request_duration_seconds",
      "Time from a request's arrival to the end of its answer; error_type is the name of the error,"
          + " 499 where the client went away, and empty where all went well",
      "gen_ai_operation_name",
      "gen_ai_provider_name",
      "gen_ai_request_model",
      "error_type"),
  /** {@code gen_ai.server.time_to_first_token}. */
  FIRST_TOKEN(
      "gen_ai_server_time_to_first_token_seconds",
      "Time from a request's arrival to its first token, of completed requests",
      "gen_ai_operation_name",
      "gen_ai_provider_name",
      "gen_ai_request_model"),
  /** {@code gen_ai.server.time_per_output_token}. */
  PER_TOKEN(
      "gen_ai_server_time_per_output_token_seconds",
      "Mean time between tokens of a completed request after its first",
      "gen_ai_operation_name",
      "gen_ai_provider_name",
      "gen_ai_request_model");

  private final String metricName;
  private final String help;
  private final String labels;

  GenAiMetric(String metricName, String help, String... labels) {
    this.metricName = metricName;
    this.help = help;
    this.labels = String.join(" ", labels);
  }

  @Override
  public Spec spec() {
    return new Spec(metricName, HISTOGRAM, help, labels);
  }
}
