package dev.outcrop.serving.bedrock;

import dev.outcrop.serving.http.Exchange;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;
import java.util.List;

/**
 * Service tier and latency: members of a Converse body, headers of InvokeModel. Every tier is
 * served alike; the optimised latency is refused, since nothing here gives it.
 */
final class ServiceOptions {
  private static final List<String> TIERS = List.of("priority", "default", "flex", "reserved");
  private static final List<String> LATENCIES = List.of("standard", "optimized");
  private static final String TIER_HEADER = "X-Amzn-Bedrock-Service-Tier";
  private static final String LATENCY_HEADER = "X-Amzn-Bedrock-PerformanceConfig-Latency";

  private ServiceOptions() {}

  /** Checks the body of Converse. */
  static void check(Fields body) {
    Fields performance = body.objectOrNull("performanceConfig");
    if (performance != null) {
      checkLatency(performance, "latency");
    }
    Fields tier = body.objectOrNull("serviceTier");
    if (tier != null && tier.choiceOrNull("type", TIERS) == null) {
      throw tier.bad("type", "is required");
    }
  }

  /** Checks the headers of InvokeModel. */
  static void check(Exchange exchange) {
    Fields headers =
        Fields.of(
            Json.object()
                .put(TIER_HEADER, exchange.header(TIER_HEADER))
                .put(LATENCY_HEADER, exchange.header(LATENCY_HEADER)));
    headers.choiceOrNull(TIER_HEADER, TIERS);
    checkLatency(headers, LATENCY_HEADER);
  }

  private static void checkLatency(Fields fields, String name) {
    if ("optimized".equals(fields.choiceOrNull(name, LATENCIES))) {
      throw Fields.unsupported(
          "%s optimized is not supported by this server.".formatted(fields.path(name)));
    }
  }
}
