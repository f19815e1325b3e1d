package dev.outcrop.serving.bedrock;

import dev.outcrop.batching.Tier;
import dev.outcrop.serving.generate.RequestFields;
import dev.outcrop.serving.http.Exchange;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Service tier and latency: members of a Converse body, headers of InvokeModel. The optimised
 * latency is refused, since nothing here gives it.
 */
final class ServiceOptions {
  static final String TIER_HEADER = "X-Amzn-Bedrock-Service-Tier";
  private static final List<String> LATENCIES = List.of("standard", "optimized");
  private static final String LATENCY_HEADER = "X-Amzn-Bedrock-PerformanceConfig-Latency";

  private ServiceOptions() {}

  /** Reads the body of Converse; answers the tier that it names, or null. */
  static @Nullable Tier read(Fields body) {
    Fields performance = body.objectOrNull("performanceConfig");
    if (performance != null) {
      checkLatency(performance, "latency");
    }
    Fields service = body.objectOrNull("serviceTier");
    if (service == null) {
      return null;
    }
    Tier tier = RequestFields.tier(service, "type");
    if (tier == null) {
      throw service.bad("type", "is required");
    }
    return tier;
  }

  /** Reads the headers of InvokeModel; answers the tier that they name, or null. */
  static @Nullable Tier read(Exchange exchange) {
    Fields headers =
        Fields.of(
            Json.object()
                .put(TIER_HEADER, exchange.header(TIER_HEADER))
                .put(LATENCY_HEADER, exchange.header(LATENCY_HEADER)));
    checkLatency(headers, LATENCY_HEADER);
    return RequestFields.tier(headers, TIER_HEADER);
  }

  private static void checkLatency(Fields fields, String name) {
    if ("optimized".equals(fields.choiceOrNull(name, LATENCIES))) {
      throw Fields.unsupported(
          "%s optimized is not supported by this server.".formatted(fields.path(name)));
    }
  }
}
