package dev.outcrop.helm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.helm.NetworkFlows.End;
import dev.outcrop.helm.Rendering.Pods;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Computes from the policies who reaches whom. Every flow that is not listed is refused: each test
 * tries all of a set of ends with all of a set of ports.
 */
class NetworkTest {
  private static final String CERTIFICATES = "certificate: {signals: true, issuerRef: {name: ca}}";
  private static final String PREFETCH =
      "modelDefaults: {source: {prefetch: {uri: 's3://bucket/m', volume: {type: emptyDir, size: 20Gi}}}}";

  private static final Set<Integer> PORTS =
      Set.of(22, 53, 80, 443, 6443, 8080, 8081, 8082, 9090, 9091, 10250);

  private static final Map<String, End> ENDS =
      Map.ofEntries(
          Map.entry("neighbour", End.pod(Chart.NAMESPACE, Map.of("app", "client"))),
          Map.entry("prometheus", End.pod("monitoring", Map.of("app", "prometheus"))),
          Map.entry("keda", End.pod("keda", Map.of("app", "keda-operator"))),
          Map.entry("dns", End.pod("kube-system", Map.of("k8s-app", "kube-dns"))),
          Map.entry("nodeDns", End.address("169.254.20.10")),
          Map.entry("stranger", End.pod("elsewhere", Map.of("app", "client"))),
          Map.entry("apiServer", End.address("10.0.0.1")),
          Map.entry("metadata", End.address("169.254.169.254")),
          Map.entry("podIdentity", End.address("169.254.170.23")),
          Map.entry("s3", End.address("52.218.0.1")));

  private static Rendering mode(String mode) {
    return Chart.renderWith("{%s, autoscaling: {mode: %s}}".formatted(CERTIFICATES, mode));
  }

  private static Set<String> into(Rendering rendering, Pods pods) {
    NetworkFlows flows = new NetworkFlows(rendering);
    Set<String> found = new TreeSet<>();
    ends(rendering)
        .forEach(
            (name, end) ->
                PORTS.stream()
                    .filter(port -> flows.reaches(end, pods.labels(), port, Map.of()))
                    .forEach(port -> found.add(name + " " + port)));
    return found;
  }

  private static Set<String> outOf(Rendering rendering, Pods pods) {
    NetworkFlows flows = new NetworkFlows(rendering);
    Set<String> found = new TreeSet<>();
    ends(rendering)
        .forEach(
            (name, end) ->
                PORTS.stream()
                    .filter(port -> flows.leaves(pods.labels(), end, port))
                    .forEach(port -> found.add(name + " " + port)));
    return found;
  }

  /** The ends, and the pods of the release itself. */
  private static Map<String, End> ends(Rendering rendering) {
    Map<String, End> ends = new java.util.HashMap<>(ENDS);
    ends.put("model", End.pod(Chart.NAMESPACE, rendering.models().getFirst().labels()));
    ends.put("signals", End.pod(Chart.NAMESPACE, rendering.signals().labels()));
    return ends;
  }

  @Test
  void clientsCallTheModelsAndMonitorsAndSignalsReadThem() {
    Rendering rendering = mode("keda");

    assertThat(into(rendering, rendering.models().getFirst()))
        .containsExactly(
            "model 8080", "neighbour 8080", "prometheus 8081", "signals 8080", "signals 8081");
  }

  @Test
  void aModelCallsNobody() {
    Rendering rendering = mode("keda");

    assertThat(outOf(rendering, rendering.models().getFirst())).isEmpty();
  }

  @Test
  void aModelThatIsFetchedCallsS3AndWhoGivesItCredentials() {
    Rendering rendering =
        Chart.render(Chart.overlaid(Chart.valuesWith(PREFETCH), "models: [{name: llama, id: m}]"));

    assertThat(outOf(rendering, rendering.models().getFirst()))
        .containsExactly("apiServer 443", "dns 53", "nodeDns 53", "podIdentity 80", "s3 443");
  }

  @Test
  void aCompileJobCallsS3AloneAndOnlyWhereItsFoldersAreThere() {
    String values =
        """
        models: [{name: llama, id: m, accelerator: neuron, source: {pvc: {claim: c, path: b}},
          neuron: {compile: {enabled: true, target: inf2, from: {%s}}}}]
        """;
    Rendering s3 = Chart.renderWith(values.formatted("s3: {uri: 's3://bucket/m'}"));
    Rendering claim = Chart.renderWith(values.formatted("pvc: {claim: c, path: m}"));

    assertThat(outOf(s3, job(s3)))
        .containsExactly("apiServer 443", "dns 53", "nodeDns 53", "podIdentity 80", "s3 443");
    assertThat(outOf(claim, job(claim))).isEmpty();
    assertThat(into(s3, job(s3))).isEmpty();
    assertThat(outOf(s3, s3.models().getFirst())).isEmpty();
  }

  private static Pods job(Rendering rendering) {
    return rendering.pods().stream()
        .filter(pods -> pods.owner().startsWith("Job/"))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void kedaAsksTheScaler() {
    Rendering rendering = mode("keda");

    assertThat(into(rendering, rendering.signals()))
        .containsExactly("keda 9091", "prometheus 8082");
  }

  @Test
  void theApiServerAsksTheExternalMetricsApi() {
    Rendering rendering = mode("external");

    assertThat(into(rendering, rendering.signals()))
        .containsExactly(
            "apiServer 6443",
            "metadata 6443",
            "nodeDns 6443",
            "podIdentity 6443",
            "prometheus 8082",
            "s3 6443");
  }

  @Test
  void signalsReadsModelsAndAsksTheApiServer() {
    Rendering rendering = mode("none");

    assertThat(outOf(rendering, rendering.signals()))
        .containsExactly(
            "apiServer 443",
            "apiServer 6443",
            "dns 53",
            "metadata 443",
            "metadata 6443",
            "model 8081",
            "nodeDns 443",
            "nodeDns 53",
            "nodeDns 6443",
            "podIdentity 443",
            "podIdentity 6443",
            "s3 443",
            "s3 6443");
  }

  static List<java.nio.file.Path> values() {
    return Chart.valueFiles();
  }

  @ParameterizedTest
  @MethodSource("values")
  void everyPodThatStaysIsClosedToStrangersAndItsCallsArriveWhereItsConfigSays(
      java.nio.file.Path values) {
    Rendering rendering = Chart.render(values);
    NetworkFlows flows = new NetworkFlows(rendering);

    for (Pods pods : rendering.workloads()) {
      for (int port : PORTS) {
        assertThat(flows.reaches(ENDS.get("stranger"), pods.labels(), port, Map.of()))
            .as(pods.owner() + " " + port)
            .isFalse();
      }
      assertThat(flows.leaves(pods.labels(), ENDS.get("metadata"), 80)).as(pods.owner()).isFalse();
    }
    for (Pods signals : rendering.component("signals")) {
      for (Pods model : rendering.models()) {
        int port = ConfigLaws.port(model.container(), "management");
        End from = End.pod(Chart.NAMESPACE, signals.labels());
        End to = End.pod(Chart.NAMESPACE, model.labels());
        assertThat(flows.leaves(signals.labels(), to, port)).isTrue();
        assertThat(flows.reaches(from, model.labels(), port, Map.of())).isTrue();
      }
    }
  }
}
