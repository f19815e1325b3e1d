package dev.outcrop.helm;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The chart with {@code autoscaling.mode: external}: the real autoscaler asks the real aggregator
 * for the metric of a real signals process, which reads pods that only seem to run.
 */
@Tag("cluster")
final class AutoscalingClusterTest {
  private static final AtomicInteger INSTALLED = new AtomicInteger();
  private static final String MODEL = "meta.llama3-1-8b-instruct-v1:0";
  private static final String WORKLOAD = "example-outcrop-llama";
  private static final String SIGNALS = "example-outcrop-signals";
  private static final String COST = "controller.kubernetes.io/pod-deletion-cost";
  private static final int EXTERNAL = 26_443 + 1;

  // Of those that the certificate is for: one that is being deleted takes nothing new.
  private final String namespace = "scaling-" + INSTALLED.incrementAndGet();
  private final AtomicLong waitingPromptTokens = new AtomicLong();
  private final AtomicReference<String> busy = new AtomicReference<>("");
  private TestCluster cluster;
  private FakeNodes nodes;
  private SignalsRun signals;

  @BeforeEach
  void install() throws Exception {
    cluster = new TestCluster();
    cluster.restrictedNamespace(namespace);
    Rendering rendering = Chart.render(values(), Chart.RELEASE, namespace);
    for (HasMetadata object :
        rendering.manifests().stream().map(Rendering.Manifest::typed).toList()) {
      switch (object) {
        // Nothing routes to it without nodes: the aggregator takes the slice below.
        case Service service when service.getMetadata().getName().equals(SIGNALS + "-metrics") ->
            cluster.apply(
                new ServiceBuilder(service).editSpec().withSelector(null).endSpec().build());
        case Deployment deployment when deployment.getMetadata().getName().equals(SIGNALS) -> {}
        default -> cluster.apply(object);
      }
    }
    cluster.apply(slice());
    nodes = new FakeNodes(cluster.client(), namespace, this::page);
    signals =
        SignalsRun.start(
            rendering.one(ConfigMap.class, SIGNALS).getData().get("signals.yaml"),
            cluster.kubeconfigOf(namespace, SIGNALS),
            "signals-a",
            28_082,
            EXTERNAL);
  }

  @AfterEach
  void remove() throws Exception {
    // An API without a server keeps the cluster from deleting namespaces.
    cluster
        .client()
        .genericKubernetesResources("apiregistration.k8s.io/v1", "APIService")
        .withName("v1beta1.external.metrics.k8s.io")
        .delete();
    signals.close();
    nodes.close();
    cluster.client().namespaces().withName(namespace).delete();
    cluster.close();
  }

  private static Path values() throws Exception {
    return Chart.valuesWith(
        """
        models:
          - name: llama
            id: %s
            source: {pvc: {claim: models, path: llama}}
            autoscaling: {min: 1, max: 5, scaleDownWindowSeconds: 20, policy: {startup: 1s}}
        signals: {enabled: true, pollSeconds: 1}
        autoscaling:
          mode: external
          scaleUp: {pods: 10}
          scaleDown: {stabilizationSeconds: 0, periodSeconds: 1}
          external:
            secret: metrics
            caBundle: |
              %s
        """
            .formatted(
                MODEL,
                Files.readString(TestCluster.file("cluster-ca.crt")).replace("\n", "\n      ")));
  }

  private EndpointSlice slice() {
    return new EndpointSliceBuilder()
        .withNewMetadata()
        .withName(SIGNALS + "-metrics-1")
        .withNamespace(namespace)
        .withLabels(Map.of("kubernetes.io/service-name", SIGNALS + "-metrics"))
        .endMetadata()
        .withAddressType("IPv4")
        .addNewPort()
        .withName("https")
        .withPort(EXTERNAL)
        .withProtocol("TCP")
        .endPort()
        .addNewEndpoint()
        .withAddresses(TestCluster.address())
        .withNewConditions()
        .withReady(true)
        .endConditions()
        .endEndpoint()
        .build();
  }

  /** The queue lies in all pods alike, or in the busy one, which has more to do than that. */
  private String page(String name, int pods) {
    String one = busy.get();
    if (one.isEmpty()) {
      return FakeNodes.page(MODEL, waitingPromptTokens.get() / Math.max(1, pods), 0);
    }
    return name.equals(one)
        ? FakeNodes.page(MODEL, waitingPromptTokens.get(), 10)
        : FakeNodes.page(MODEL, 0, 0);
  }

  /** The pods that are marked as busy. */
  private Set<String> marked() {
    return FakeNodes.pods(cluster.client(), namespace).stream()
        .map(Pod::getMetadata)
        .filter(pod -> pod.getAnnotations().containsKey(COST))
        .map(ObjectMeta::getName)
        .collect(Collectors.toSet());
  }

  private int replicas() {
    return Objects.requireNonNullElse(
        cluster
            .client()
            .apps()
            .deployments()
            .inNamespace(namespace)
            .withName(WORKLOAD)
            .get()
            .getSpec()
            .getReplicas(),
        1);
  }

  private String told() {
    ConfigMap map =
        cluster
            .client()
            .configMaps()
            .inNamespace(namespace)
            .withName("example-outcrop-signals-replicas")
            .get();
    return map == null ? "" : new TreeMap<>(map.getData()).toString();
  }

  @Test
  void goesFromOneToManyAndBackToOneOnOurMetric() throws Exception {
    TestCluster.await("one replica is told", () -> told().equals("{" + WORKLOAD + "=1}"));
    TestCluster.await(
        "the autoscaler has the metric",
        () ->
            autoscaler().getStatus().getConditions().stream()
                .anyMatch(
                    condition ->
                        condition.getType().equals("ScalingActive")
                            && condition.getStatus().equals("True")));
    assertThat(replicas()).isEqualTo(1);
    List<Pod> old = FakeNodes.pods(cluster.client(), namespace);

    long begun = System.nanoTime();
    waitingPromptTokens.set(20_000); // 20 s of one pod where 2 s are the target
    TestCluster.await("five replicas", () -> replicas() == 5);
    double up = (System.nanoTime() - begun) / 1e9;
    TestCluster.await("five are told", () -> told().equals("{" + WORKLOAD + "=5}"));

    // Without marks the newest go, and of the equally old those with the lowest UID.
    TestCluster.await("all are marked", () -> marked().size() == 5);
    String first =
        FakeNodes.pods(cluster.client(), namespace).stream()
            .map(Pod::getMetadata)
            .filter(pod -> !pod.getName().equals(old.getFirst().getMetadata().getName()))
            .min(Comparator.comparing(ObjectMeta::getUid))
            .orElseThrow()
            .getName();
    busy.set(first);
    TestCluster.await("only the busy pod is marked", () -> marked().equals(Set.of(first)));
    assertThat(replicas()).isEqualTo(5);

    begun = System.nanoTime();
    waitingPromptTokens.set(0);
    TestCluster.await("one replica", () -> replicas() == 1);
    double down = (System.nanoTime() - begun) / 1e9;
    TestCluster.await("one is told", () -> told().equals("{" + WORKLOAD + "=1}"));
    assertThat(FakeNodes.pods(cluster.client(), namespace))
        .extracting(pod -> pod.getMetadata().getName())
        .containsExactly(first);
    System.out.printf("replicas 1 -> 5 in %.1f s, 5 -> 1 in %.1f s%n", up, down);
  }

  private HorizontalPodAutoscaler autoscaler() {
    return cluster
        .client()
        .autoscaling()
        .v2()
        .horizontalPodAutoscalers()
        .inNamespace(namespace)
        .withName(WORKLOAD)
        .get();
  }

  @Test
  void theAggregatorServesTheMetricsAndTheirDiscovery() throws Exception {
    TestCluster.await(
        "the API is available",
        () ->
            cluster
                    .client()
                    .genericKubernetesResources("apiregistration.k8s.io/v1", "APIService")
                    .withName("v1beta1.external.metrics.k8s.io")
                    .get()
                    .getAdditionalProperties()
                    .toString()
                    .contains("type=Available, status=True")
                || available());
    TestCluster.await("a reading", () -> !told().isEmpty());

    String list =
        cluster
            .client()
            .raw(
                "/apis/external.metrics.k8s.io/v1beta1/namespaces/%s/outcrop_desired_replicas"
                    .formatted(namespace));
    assertThat(list).contains("\"ExternalMetricValueList\"").contains("\"value\":\"1\"");
    TestCluster.await(
        "discovery",
        () ->
            cluster.client().getApiGroups().getGroups().stream()
                .anyMatch(group -> group.getName().equals("external.metrics.k8s.io")));
  }

  private boolean available() {
    String service =
        cluster
            .client()
            .raw("/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.external.metrics.k8s.io");
    return service != null
        && List.of(service.split("\"conditions\"")).getLast().contains("\"status\":\"True\"");
  }
}
