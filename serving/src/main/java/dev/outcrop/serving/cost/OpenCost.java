package dev.outcrop.serving.cost;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.OptionalDouble;

/** Asks a Prometheus for what OpenCost says of a node. */
final class OpenCost {
  private final String prometheus;
  private final JsonSource source;

  OpenCost(String prometheus, JsonSource source) {
    this.prometheus = prometheus.replaceAll("/+$", "");
    this.source = source;
  }

  /** USD an hour of the whole node, where there is such a series. */
  OptionalDouble node(String node) throws IOException, InterruptedException {
    return positive("node_total_hourly_cost", node);
  }

  /** USD an hour of one of its GPUs, likewise. */
  OptionalDouble device(String node) throws IOException, InterruptedException {
    return positive("node_gpu_hourly_cost", node);
  }

  /** How many GPUs it has, likewise. */
  OptionalDouble devices(String node) throws IOException, InterruptedException {
    return positive("node_gpu_count", node);
  }

  /** Whether it may be taken away; false where nothing is said. */
  boolean isSpot(String node) throws IOException, InterruptedException {
    return positive("kubecost_node_is_spot", node).isPresent();
  }

  private OptionalDouble positive(String series, String node)
      throws IOException, InterruptedException {
    String name = node.replace("\\", "\\\\").replace("\"", "\\\"");
    String query = "max(%s{node=\"%s\"})".formatted(series, name);
    JsonNode answer =
        source.get(
            URI.create(
                prometheus
                    + "/api/v1/query?query="
                    + URLEncoder.encode(query, StandardCharsets.UTF_8)),
            null);
    if (!answer.path("status").asText().equals("success")) {
      throw new IOException("Prometheus could not answer " + series);
    }
    JsonNode result = answer.path("data").path("result").path(0).path("value").path(1);
    double value = result.asDouble(0);
    return Double.isFinite(value) && value > 0 ? OptionalDouble.of(value) : OptionalDouble.empty();
  }
}
