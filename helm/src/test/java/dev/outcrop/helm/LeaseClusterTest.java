package dev.outcrop.helm;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Two signals processes, one Lease: whoever has it writes, and nobody else. */
@Tag("cluster")
final class LeaseClusterTest {
  private static final String MODEL = "llama";
  private static final String SIGNALS = "example-outcrop-signals";
  private static final String LEADER = "outcrop_signals_leader";
  private static final Set<String> BOTH = Set.of("first", "second");

  private final String namespace = "lease-" + Long.toString(System.nanoTime(), 36);
  private TestCluster cluster;
  private FakeNodes nodes;
  private SignalsRun first;
  private SignalsRun second;

  @BeforeEach
  void install() throws Exception {
    cluster = new TestCluster();
    cluster.restrictedNamespace(namespace);
    Rendering rendering =
        Chart.render(
            Chart.valuesWith(
                """
                models:
                  - name: llama
                    id: llama
                    replicas: 2
                    source: {pvc: {claim: models, path: llama}}
                signals:
                  enabled: true
                  pollSeconds: 1
                  lease: {durationSeconds: 15, renewDeadlineSeconds: 10, retrySeconds: 2}
                """),
            Chart.RELEASE,
            namespace);
    for (HasMetadata object :
        rendering.manifests().stream().map(Rendering.Manifest::typed).toList()) {
      if (!(object instanceof Deployment deployment
          && deployment.getMetadata().getName().equals(SIGNALS))) {
        cluster.apply(object);
      }
    }
    nodes = new FakeNodes(cluster.client(), namespace, (_, _) -> FakeNodes.page(MODEL, 0, 0));
    String config = rendering.one(ConfigMap.class, SIGNALS).getData().get("signals.yaml");
    var kubeconfig = cluster.kubeconfigOf(namespace, SIGNALS);
    first = SignalsRun.start(config, kubeconfig, "first", 28_083, 0);
    TestCluster.await("the first leads", () -> first.metric(LEADER) == 1);
    second = SignalsRun.start(config, kubeconfig, "second", 28_084, 0);
    TestCluster.await("the second follows", () -> second.metric(LEADER) == 0);
  }

  @AfterEach
  void remove() throws Exception {
    first.close();
    second.close();
    nodes.close();
    cluster.client().namespaces().withName(namespace).delete();
    cluster.close();
  }

  private Lease lease() {
    return cluster.client().leases().inNamespace(namespace).withName(SIGNALS).get();
  }

  private String told() {
    ConfigMap map =
        cluster
            .client()
            .configMaps()
            .inNamespace(namespace)
            .withName("example-outcrop-signals-replicas")
            .get();
    return map == null ? "" : map.getData().toString();
  }

  private void scale(int replicas) {
    cluster
        .client()
        .apps()
        .deployments()
        .inNamespace(namespace)
        .withName("example-outcrop-llama")
        .scale(replicas);
  }

  @Test
  void anotherWritesAfterTheLeaderIsKilled() throws Exception {
    TestCluster.await("two are told", () -> told().endsWith("=2}"));

    long begun = System.nanoTime();
    first.kill();
    TestCluster.await("the second leads", () -> second.metric(LEADER) == 1);
    double seconds = (System.nanoTime() - begun) / 1e9;
    scale(3);
    TestCluster.await("three are told", () -> told().endsWith("=3}"));

    assertThat(lease().getSpec().getHolderIdentity()).isEqualTo("second");
    assertThat(writers()).containsExactly("first", "second");
    System.out.printf("the second led %.1f s after the first was killed%n", seconds);
  }

  /**
   * It holds on to a count that is wrong by now, and would write it if it still thought it leads.
   */
  @Test
  void aLeaderThatSleptDoesNotWriteWhenItWakes() throws Exception {
    TestCluster.await("two are told", () -> told().endsWith("=2}"));
    first.signal("STOP");
    TestCluster.await("the second leads", () -> second.metric(LEADER) == 1);
    scale(3);
    TestCluster.await("three are told", () -> told().endsWith("=3}"));
    second.signal("STOP");
    scale(4);
    TestCluster.await("four pods", () -> FakeNodes.pods(cluster.client(), namespace).size() == 4);

    first.signal("CONT");
    TestCluster.await("the first sees that it follows", () -> first.metric(LEADER) == 0);
    second.signal("CONT");
    TestCluster.await("four are told", () -> told().endsWith("=4}"));

    everyWriteIsOfTheHolder();
  }

  @Test
  void theLeaseGoesBackAndForthAndOnlyItsHolderWrites() throws Exception {
    TestCluster.await("two are told", () -> told().endsWith("=2}"));
    for (int replicas = 3; replicas <= 5; replicas++) {
      SignalsRun leader = first.metric(LEADER) == 1 ? first : second;
      SignalsRun other = leader == first ? second : first;
      leader.signal("STOP");
      TestCluster.await("the other leads", () -> other.metric(LEADER) == 1);
      leader.signal("CONT");
      scale(replicas);
      String wanted = "=" + replicas + "}";
      TestCluster.await(wanted + " is told", () -> told().endsWith(wanted));
    }

    everyWriteIsOfTheHolder();
    assertThat(writers()).containsExactly("first", "second", "first", "second");
  }

  /** Whoever wrote the live replicas, one after the other, repetitions left out. */
  private List<String> writers() throws IOException {
    List<String> writers = new ArrayList<>();
    for (AuditLog.Change change : AuditLog.changes(namespace)) {
      if (change.name().equals(SIGNALS + "-replicas")
          && (writers.isEmpty() || !writers.getLast().equals(change.agent()))) {
        writers.add(change.agent());
      }
    }
    return writers;
  }

  private void everyWriteIsOfTheHolder() throws IOException {
    List<AuditLog.Change> changes = AuditLog.changes(namespace);
    long writes =
        changes.stream()
            .filter(change -> !change.resource().equals("leases"))
            .filter(change -> BOTH.contains(change.agent()))
            .count();

    assertThat(AuditLog.withoutTheLease(changes, BOTH)).isEmpty();
    assertThat(writes).isGreaterThan(1);
    System.out.printf("%d writes, each by the holder of the Lease%n", writes);
  }

  @Test
  void aLeaderThatStopsGivesTheLeaseBackAndWritesNoMore() throws Exception {
    TestCluster.await("two are told", () -> told().endsWith("=2}"));
    AtomicInteger replicas = new AtomicInteger(2);

    long begun = System.nanoTime();
    first.signal("TERM");
    TestCluster.await(
        "the second leads",
        () -> {
          scale(Math.min(20, replicas.incrementAndGet())); // always something to write
          return second.metric(LEADER) == 1;
        });
    double seconds = (System.nanoTime() - begun) / 1e9;
    assertThat(first.stop()).isZero();
    scale(1);
    TestCluster.await("one is told", () -> told().endsWith("=1}"));

    assertThat(AuditLog.changes(namespace))
        .as("it was given back")
        .anyMatch(change -> change.agent().equals("first") && "".equals(change.holder()));
    everyWriteIsOfTheHolder();
    assertThat(writers()).containsExactly("first", "second");
    System.out.printf("the second led %.1f s after the first was told to stop%n", seconds);
  }
}
