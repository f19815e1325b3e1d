package dev.outcrop.k8s.external;

import static dev.outcrop.k8s.external.RunningApi.assertThatIsError;
import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.k8s.external.ApiServer.Reply;
import dev.outcrop.k8s.tls.TestAuthority;
import dev.outcrop.k8s.tls.TestAuthority.Issued;
import java.net.http.HttpRequest;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Who may read external metrics. */
final class AccessTest {
  private static final RunningApi RUNNING = new RunningApi();
  private static final ApiServer API = RUNNING.api;

  @BeforeEach
  void forget() {
    RUNNING.forget();
  }

  @AfterAll
  static void stop() {
    RUNNING.close();
  }

  @ParameterizedTest
  @CsvSource({
    "outcrop_running,",
    "outcrop_running, model=qwen3-8b",
    "queue,",
    "'',",
  })
  void refusesUserHeadersWithoutCertificate(String metric, String selector) throws Exception {
    RUNNING.conclude();
    try (ApiServer stranger = new ApiServer(RUNNING.port(), (Issued) null)) {
      assertThatIsError(
          stranger.send(stranger.read(metric, selector)),
          401,
          "Unauthorized",
          "a client certificate of kube-apiserver is needed");
    }
    assertThat(RUNNING.cluster.asked).isEmpty();
  }

  static Stream<Issued> strangers() {
    TestAuthority other = new TestAuthority("front-proxy-ca");
    return Stream.of(
        other.client("front-proxy-client"),
        RUNNING.frontProxy.client("alice"),
        RUNNING.frontProxy.server(),
        RUNNING.frontProxy.formerClient("front-proxy-client"));
  }

  @ParameterizedTest
  @MethodSource("strangers")
  void refusesUserHeadersWithForeignCertificate(Issued shown) throws Exception {
    RUNNING.conclude();
    try (ApiServer stranger = new ApiServer(RUNNING.port(), shown)) {
      for (String path : List.of("/apis", ApiServer.BASE)) {
        assertThatIsError(
            stranger.send(stranger.as("system:kube-aggregator", path, "system:masters")),
            401,
            "Unauthorized",
            "the client certificate");
      }
      assertThatIsError(
          stranger.send(stranger.read("outcrop_running", null)),
          401,
          "Unauthorized",
          "the client certificate");
    }
  }

  @Test
  void refusesProxyThatNamesNobody() throws Exception {
    assertThatIsError(
        API.send(API.request(ApiServer.BASE)), 401, "Unauthorized", "the request names no user");
  }

  @Test
  void asksTheClusterWhoMayRead() throws Exception {
    RUNNING.conclude();
    Reply reply =
        API.send(
            API.as("alice", ApiServer.BASE + "/namespaces/models/outcrop_running", "a", "b")
                .header("X-Remote-Extra-Example.com%2fscope", "x")
                .header("X-Remote-Extra-Example.com%2fscope", "y"));

    assertThatIsError(
        reply,
        403,
        "Forbidden",
        "the user alice may not list outcrop_running.external.metrics.k8s.io in the namespace"
            + " models");
    assertThat(RUNNING.cluster.asked)
        .containsExactly(
            new DelegatedAuth.Access(
                "alice",
                List.of("a", "b"),
                Map.of("example.com/scope", List.of("x", "y")),
                "list",
                "external.metrics.k8s.io",
                "v1beta1",
                "outcrop_running",
                "models"));
  }

  @Test
  void remembersForAWhileWhoMayRead() throws Exception {
    RUNNING.conclude();
    for (int i = 0; i < 3; i++) {
      HttpRequest.Builder request =
          API.as("carol", ApiServer.BASE + "/namespaces/models/outcrop_running");
      assertThat(API.send(request).status()).isEqualTo(403);
    }

    assertThat(RUNNING.cluster.asked).hasSize(1);
  }

  @Test
  void saysWhenTheClusterCannotBeAsked() throws Exception {
    HttpRequest.Builder request =
        API.as("dave", ApiServer.BASE + "/namespaces/models/outcrop_running");
    RUNNING.cluster.broken = true;
    Reply reply = API.send(request);
    RUNNING.cluster.broken = false;

    assertThatIsError(reply, 500, "InternalError", "the cluster did not say");
  }
}
