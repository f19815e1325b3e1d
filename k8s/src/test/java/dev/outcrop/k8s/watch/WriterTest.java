package dev.outcrop.k8s.watch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.k8s.PodSignals;
import dev.outcrop.k8s.watch.Cluster.Sent;
import dev.outcrop.k8s.watch.ModelView.SeenPod;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The leader's writes, against an API server in memory and a clock of the test's. */
class WriterTest {
  private final AtomicLong nanos = new AtomicLong();
  private final Fence fence = new Fence(nanos::get, Duration.ofHours(10));
  private final Cluster cluster = new Cluster();
  private final KubernetesClient client = cluster.client("a");
  private final List<WriteOutcome> outcomes = new ArrayList<>();
  private final Desk desk = new Desk("something", fence, outcomes::add);
  private final DeletionCosts costs = new DeletionCosts(client, Cluster.NAMESPACE, fence, desk);
  private final ReplicasMap replicas =
      new ReplicasMap(client, Cluster.NAMESPACE, "outcrop-replicas", fence, desk);

  @BeforeEach
  void lead() {
    fence.renewed(fence.now());
    client.pods().resource(Cluster.ready("llama-0")).create();
  }

  @AfterEach
  void stop() {
    cluster.close();
  }

  private void pass(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  private Pod pod() {
    return client.pods().withName("llama-0").get();
  }

  private Map<String, String> annotations() {
    return pod().getMetadata().getAnnotations();
  }

  /** Marks the pod as it is now. */
  private void mark(int running, int waiting, double kvUse) {
    costs.mark(
        List.of(
            new SeenPod.Answering(
                PodFacts.of(pod()).orElseThrow(),
                new PodSignals(
                    true,
                    true,
                    running,
                    waiting,
                    waiting,
                    0,
                    kvUse,
                    PodSignals.Pace.NONE,
                    PodSignals.Burn.NONE))));
  }

  private long writes() throws InterruptedException {
    return cluster.log().stream().filter(Sent::writes).count();
  }

  @Test
  void marksABusyPodAndClearsTheMarkWhenItIsIdle() {
    mark(1, 0, 0.1);
    assertThat(annotations()).containsEntry(PodFacts.COST, "100");
    pass(DeletionCosts.LEAST_INTERVAL);
    mark(4, 0, 0.5);
    assertThat(annotations()).containsEntry(PodFacts.COST, "200");
    pass(DeletionCosts.LEAST_INTERVAL);
    mark(0, 0, 0);
    // This server keeps the keys of what a merge patch takes out.
    assertThat(annotations().get(PodFacts.COST)).isNull();
    assertThat(annotations().get(PodFacts.MARK)).isNull();
    assertThat(outcomes).containsOnly(WriteOutcome.DONE);
  }

  @Test
  void raisesAMarkAtOnce() {
    mark(1, 0, 0.1);
    mark(2, 1, 0.2);
    assertThat(annotations()).containsEntry(PodFacts.COST, "200");
    pass(DeletionCosts.LEAST_INTERVAL);
    mark(0, 0, 0);
    assertThat(annotations().get(PodFacts.COST)).isNull();
    mark(1, 0, 0.1);
    assertThat(annotations()).containsEntry(PodFacts.COST, "100");
  }

  @Test
  void changesAMarkOnlyWithTheClassAndLowersItOnceAMinute() throws Exception {
    mark(1, 0, 0.1);
    cluster.log();
    pass(Duration.ofHours(1));
    mark(2, 0, 0.2);
    assertThat(writes()).isZero();
    mark(2, 1, 0.2);
    mark(0, 0, 0);
    pass(DeletionCosts.LEAST_INTERVAL.minusNanos(1));
    mark(0, 0, 0);
    assertThat(writes()).isEqualTo(1);
    pass(Duration.ofNanos(1));
    mark(0, 0, 0);
    assertThat(writes()).isEqualTo(1);
  }

  @Test
  void aNewLeaderWaitsAMinuteBeforeItLowersAMarkOfTheLast() throws Exception {
    mark(1, 0, 0.1);
    cluster.log();
    DeletionCosts next = new DeletionCosts(client, Cluster.NAMESPACE, fence, desk);
    SeenPod idle =
        new SeenPod.Answering(
            PodFacts.of(pod()).orElseThrow(),
            new PodSignals(true, true, 0, 0, 0, 0, 0, PodSignals.Pace.NONE, PodSignals.Burn.NONE));
    next.mark(List.of(idle));
    assertThat(writes()).isZero();
    pass(DeletionCosts.LEAST_INTERVAL);
    next.mark(List.of(idle));
    assertThat(writes()).isEqualTo(1);
  }

  @Test
  void leavesAPodAloneWhoseCostAnotherWrites() throws Exception {
    client
        .pods()
        .withName("llama-0")
        .edit(
            pod ->
                new PodBuilder(pod)
                    .editMetadata()
                    .addToAnnotations(PodFacts.COST, "7")
                    .endMetadata()
                    .build());
    cluster.log();
    mark(1, 0, 0.9);
    mark(1, 0, 0.9);
    assertThat(writes()).isZero();
    assertThat(annotations()).containsEntry(PodFacts.COST, "7");
    assertThat(outcomes).containsExactly(WriteOutcome.FOREIGN);
  }

  @Test
  void doesNotWriteOverAPodThatChangedSinceItWasSeen() {
    SeenPod seen =
        new SeenPod.Answering(
            PodFacts.of(pod()).orElseThrow(),
            new PodSignals(true, true, 1, 0, 0, 0, 0, PodSignals.Pace.NONE, PodSignals.Burn.NONE));
    client
        .pods()
        .withName("llama-0")
        .edit(
            pod ->
                new PodBuilder(pod)
                    .editMetadata()
                    .addToAnnotations(PodFacts.COST, "7")
                    .endMetadata()
                    .build());
    costs.mark(List.of(seen));
    assertThat(annotations()).containsEntry(PodFacts.COST, "7");
    assertThat(outcomes).containsExactly(WriteOutcome.CONFLICT);
  }

  @Test
  void writesNothingOnceTheFenceIsClosed() throws Exception {
    replicas.tell(Map.of("outcrop-llama", 1));
    cluster.log();
    pass(Duration.ofHours(10));
    replicas.tell(Map.of("outcrop-llama", 2));
    mark(1, 0, 0);
    assertThat(writes()).isZero();
  }

  @Test
  void tellsReplicasOnlyWhenTheyChangeAndKeepsOthersKeys() throws Exception {
    replicas.tell(Map.of("outcrop-llama", 1, "outcrop-qwen", 3));
    client
        .configMaps()
        .withName("outcrop-replicas")
        .edit(
            map -> {
              map.getData().put("other", "x");
              return map;
            });
    cluster.log();
    replicas.tell(Map.of("outcrop-llama", 1, "outcrop-qwen", 3));
    assertThat(cluster.log()).isEmpty();
    replicas.tell(Map.of("outcrop-llama", 2));
    assertThat(writes()).isEqualTo(1);
    assertThat(client.configMaps().withName("outcrop-replicas").get().getData())
        .containsExactlyInAnyOrderEntriesOf(
            Map.of("outcrop-llama", "2", "outcrop-qwen", "3", "other", "x"));
  }

  @Test
  void mendsWhatSomebodyEdited() {
    replicas.tell(Map.of("outcrop-llama", 4));
    client
        .configMaps()
        .withName("outcrop-replicas")
        .edit(
            map -> {
              map.getData().put("outcrop-llama", "1");
              return map;
            });
    pass(Duration.ofMinutes(1));
    replicas.tell(Map.of("outcrop-llama", 4));
    assertThat(client.configMaps().withName("outcrop-replicas").get().getData())
        .containsEntry("outcrop-llama", "4");
  }
}
