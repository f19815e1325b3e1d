package dev.outcrop.k8s.external;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.k8s.Scaling;
import dev.outcrop.k8s.external.ApiServer.Reply;
import dev.outcrop.k8s.testing.FakeSource;
import dev.outcrop.k8s.tls.TestAuthority;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;

/** The external metrics API of two models, and kube-apiserver that asks it. */
final class RunningApi implements AutoCloseable {
  static final String LLAMA = "meta.llama3-1-8b-instruct-v1:0";
  static final String QWEN = "qwen3-8b";

  final TestAuthority frontProxy = new TestAuthority("front-proxy-ca");
  final FakeCluster cluster = new FakeCluster(frontProxy.pem());
  final ApiServer api;
  private final FakeSource source = new FakeSource(LLAMA, QWEN);
  private final ExternalMetrics server;

  RunningApi() {
    server =
        ExternalMetrics.start(
            ExternalMetricsConfig.DEFAULT
                .withAddress("127.0.0.1", 0)
                .withMetrics("models", ExternalMetricsConfig.DEFAULT.window()),
            source,
            cluster);
    api = new ApiServer(server.port(), frontProxy.client("front-proxy-client"));
  }

  int port() {
    return server.port();
  }

  /** As it was at the beginning: no model was read, nobody was asked. */
  void forget() {
    source.forget(LLAMA);
    source.forget(QWEN);
    cluster.asked.clear();
  }

  /** One of the models was not read lately. */
  void forget(String model) {
    source.forget(model);
  }

  /** Both models were read. */
  void conclude() {
    source.conclude(
        new Scaling(
            LLAMA, FakeSource.AT, 3, true, new Scaling.Totals(2, 1, 0, 54_321, 7, 12, 1.6245, 0)));
    source.conclude(
        new Scaling(QWEN, FakeSource.AT, 2, true, new Scaling.Totals(1, 0, 0, 0, 0, 4, 1, 900)));
  }

  static void assertThatIsError(Reply reply, int code, String reason, String message) {
    assertThat(reply.status()).isEqualTo(code);
    assertThat(reply.contentType()).isEqualTo("application/json");
    JsonNode status = reply.json();
    assertThat(status.get("kind").asText()).isEqualTo("Status");
    assertThat(status.get("apiVersion").asText()).isEqualTo("v1");
    assertThat(status.get("metadata").isObject()).isTrue();
    assertThat(status.get("status").asText()).isEqualTo("Failure");
    assertThat(status.get("reason").asText()).isEqualTo(reason);
    assertThat(status.get("code").asInt()).isEqualTo(code);
    assertThat(status.get("message").asText()).contains(message);
  }

  static JsonNode golden(String name) throws IOException {
    try (InputStream in =
        Objects.requireNonNull(
            RunningApi.class.getResourceAsStream("/external/" + name + ".json"))) {
      return new ObjectMapper().readTree(in);
    }
  }

  @Override
  public void close() {
    api.close();
    server.close();
  }
}
