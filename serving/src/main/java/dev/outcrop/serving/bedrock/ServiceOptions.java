package dev.outcrop.serving.bedrock;

import dev.outcrop.batching.Tier;
import dev.outcrop.serving.generate.RequestFields;
import dev.outcrop.serving.http.Exchange;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Service tier and latency: members of a Converse body, headers of InvokeModel.
 *
 * @param tier the tier that the request names, or null
 * @param latency whether it names a latency. Every request here has the standard one; an answer to
 *     one that asked for another says so, as Bedrock's does where its optimised capacity is used up
 */
record ServiceOptions(@Nullable Tier tier, boolean latency) {
  static final String TIER_HEADER = "X-Amzn-Bedrock-Service-Tier";

  /** The latency that every request has. */
  static final String LATENCY = "standard";

  private static final List<String> LATENCIES = List.of(LATENCY, "optimized");
  private static final List<String> TRACES = List.of("ENABLED", "DISABLED", "ENABLED_FULL");
  private static final String TRACE_HEADER = "X-Amzn-Bedrock-Trace";
  private static final String LATENCY_HEADER = "X-Amzn-Bedrock-PerformanceConfig-Latency";

  /** Reads the body of Converse. */
  static ServiceOptions read(Fields body) {
    Fields performance = body.objectOrNull("performanceConfig");
    boolean latency = performance != null && performance.choiceOrNull("latency", LATENCIES) != null;
    Fields service = body.objectOrNull("serviceTier");
    if (service == null) {
      return new ServiceOptions(null, latency);
    }
    Tier tier = RequestFields.tier(service, "type");
    if (tier == null) {
      throw service.bad("type", "is required");
    }
    return new ServiceOptions(tier, latency);
  }

  /** Reads the headers of InvokeModel; answers the tier that they name, or null. */
  static @Nullable Tier read(Exchange exchange) {
    Fields headers =
        Fields.of(
            Json.object()
                .put(TIER_HEADER, exchange.header(TIER_HEADER))
                .put(LATENCY_HEADER, exchange.header(LATENCY_HEADER))
                .put(TRACE_HEADER, exchange.header(TRACE_HEADER)));
    headers.choiceOrNull(LATENCY_HEADER, LATENCIES);
    headers.choiceOrNull(TRACE_HEADER, TRACES);
    return RequestFields.tier(headers, TIER_HEADER);
  }

  /** Adds the latency that a request of InvokeModel had, where it named one. */
  static void addLatency(Exchange exchange, Map<String, String> headers) {
    if (exchange.header(LATENCY_HEADER) != null) {
      headers.put(LATENCY_HEADER, LATENCY);
    }
  }
}
