package dev.outcrop.k8s.external;

import static dev.outcrop.k8s.external.RunningApi.assertThatIsError;
import static dev.outcrop.k8s.external.RunningApi.golden;
import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.k8s.external.ApiServer.Reply;
import dev.outcrop.k8s.tls.TestAuthority.Issued;
import java.net.http.HttpRequest;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the external metrics API says that it has. */
final class DiscoveryTest {
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
  @CsvSource(
      delimiter = '|',
      value = {
        "/apis | | apis",
        "/apis/ | application/json | apis",
        "/apis | application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
            + "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,"
            + "application/json | apis-v2",
        "/apis | application/json;as=APIGroupDiscoveryList;v=v2beta1;g=apidiscovery.k8s.io |"
            + " apis-v2beta1",
        "/apis | application/json;g=apidiscovery.k8s.io;v=v3;as=APIGroupDiscoveryList,"
            + " application/json | apis",
        "/apis/external.metrics.k8s.io | application/json, */* | group",
        "/apis/external.metrics.k8s.io/v1beta1 | | resources",
        "/openapi/v2 | application/json | openapi",
        "/apis/external.metrics.k8s.io/v1beta1 | application/vnd.kubernetes.protobuf | resources",
      })
  void tellsWhatItHas(String path, String accept, String golden) throws Exception {
    HttpRequest.Builder request = API.as("system:kube-aggregator", path);
    if (accept != null) {
      request.header("Accept", accept);
    }

    Reply reply = API.send(request);

    assertThat(reply.status()).isEqualTo(200);
    assertThat(reply.json()).isEqualTo(golden(golden));
    String version = golden.replace("apis-", "");
    assertThat(reply.contentType())
        .isEqualTo(
            version.startsWith("v2")
                ? "application/json;g=apidiscovery.k8s.io;v="
                    + version
                    + ";as=APIGroupDiscoveryList"
                : "application/json");
  }

  /** Any other refusal of discovery would make kube-aggregator call it stale. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "application/json;g=apidiscovery.k8s.io;v=v3;as=APIGroupDiscoveryList",
        "application/json;g=other;v=v2;as=APIGroupDiscoveryList",
        "application/vnd.kubernetes.protobuf;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
        "application/yaml",
      })
  void refusesFormThatItDoesNotWrite(String accept) throws Exception {
    Reply reply = API.send(API.as("system:kube-aggregator", "/apis").header("Accept", accept));

    assertThatIsError(reply, 406, "NotAcceptable", "application/json");
  }

  @Test
  void isAvailableToFiveProbesAtOnce() {
    List<CompletableFuture<Reply>> probes = Stream.generate(API::probe).limit(5).toList();

    assertThat(probes).allMatch(probe -> probe.join().status() == 200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/",
        "/api",
        "/openapi/v3",
        "/apis/metrics.k8s.io",
        "/apis/external.metrics.k8s.io/v1",
        "/apis/external.metrics.k8s.io/v1beta1/outcrop_running",
        "/apis/external.metrics.k8s.io/v1beta1/namespaces/models",
        "/apis/external.metrics.k8s.io/v1beta1/namespaces/models/outcrop_running/status",
      })
  void hasNothingElse(String path) throws Exception {
    assertThatIsError(
        API.send(API.as("alice", path)), 404, "NotFound", "could not find the requested resource");
  }

  @Test
  void isOnlyRead() throws Exception {
    HttpRequest.Builder post =
        API.read("outcrop_running", null).POST(HttpRequest.BodyPublishers.ofString("{}"));

    assertThatIsError(API.send(post), 405, "MethodNotAllowed", "GET");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/healthz", "/livez", "/readyz"})
  void showsItsHealthToEverybody(String path) throws Exception {
    try (ApiServer kubelet = new ApiServer(RUNNING.port(), (Issued) null)) {
      Reply reply = kubelet.send(kubelet.request(path));

      assertThat(reply.status()).isEqualTo(200);
      assertThat(reply.body()).isEqualTo("ok");
    }
  }
}
