package dev.outcrop.serving.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.auth.Caller;
import dev.outcrop.serving.auth.Purpose;
import dev.outcrop.serving.generate.GenerationEvent;
import dev.outcrop.serving.generate.GenerationListener;
import dev.outcrop.serving.generate.ServedModel;
import dev.outcrop.serving.testing.ByteText;
import dev.outcrop.serving.testing.EncoderServer;
import dev.outcrop.serving.testing.MetricsPages;
import dev.outcrop.serving.testing.ScriptedBatcher;
import dev.outcrop.serving.testing.TestServer;
import io.prometheus.client.CollectorRegistry;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Whose tokens are counted, and as what. */
final class OutcropSeriesTest {
  private static final ServedModel MODEL =
      new ServedModel(
          "m", List.of(), new ScriptedBatcher(_ -> ""), new ByteText(), TestServer.DEFAULTS);

  @Test
  void countsTheTokensOfAThousandTenantsApartAndThoseOfAllOthersTogether() {
    CollectorRegistry registry = new CollectorRegistry();
    OutcropSeries series = new OutcropSeries(new Instruments(registry));

    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < 1_010; i++) {
        series.over(over("tenant-" + i));
      }
    }

    String[] labels = {"model", "tenant", "kind"};
    assertThat(registry.getSampleValue("outcrop_tokens_total", labels, of("tenant-0")))
        .isEqualTo(6);
    assertThat(registry.getSampleValue("outcrop_tokens_total", labels, of("tenant-999")))
        .isEqualTo(6);
    assertThat(registry.getSampleValue("outcrop_tokens_total", labels, of("tenant-1000"))).isNull();
    assertThat(registry.getSampleValue("outcrop_tokens_total", labels, of("other")))
        .isEqualTo(10 * 6);
  }

  @Test
  void countsTextsOfEncodersByTheApiThatTheyCameThrough() throws Exception {
    try (EncoderServer server = new EncoderServer()) {
      server.post("/v1/embeddings", "{\"model\":\"own\",\"input\":\"abc\"}");
      server.post("/model/own/invoke", "{\"inputText\":\"abc\"}");
      server.post("/v1/embeddings", "{\"model\":\"own\",\"input\":7}");

      String page = MetricsPages.after(server.server.managementPort(), 3);
      String tokens = "outcrop_feature_tokens_total{model=\"own\",api=\"%s\",feature=\"\"";
      assertThat(page)
          .contains(tokens.formatted("embeddings"))
          .contains(tokens.formatted("invoke"))
          .contains("vllm:num_requests_waiting{model_name=\"own\",} 0.0")
          .contains("vllm:prompt_tokens_total{model_name=\"own\",}")
          .contains(duration("embeddings", "openai", "own"))
          .contains(duration("embeddings", "aws.bedrock", "own"));
    }
  }

  private static String duration(String work, String provider, String model) {
    return ("gen_ai_server_request_duration_seconds_count{gen_ai_operation_name=\"%s\","
            + "gen_ai_provider_name=\"%s\",gen_ai_request_model=\"%s\",error_type=\"\",}")
        .formatted(work, provider, model);
  }

  private static String[] of(String tenant) {
    return new String[] {"m", tenant, "completion"};
  }

  private static GenerationListener.Over over(String tenant) {
    return new GenerationListener.Over(
        MODEL,
        new Caller.Tenant(tenant, 1),
        Purpose.of("Converse"),
        GenerationListener.Result.COMPLETED,
        null,
        new GenerationEvent.Usage(5, 0, 0, 3),
        null);
  }
}
