package dev.outcrop.k8s.watch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.k8s.config.SignalsConfig;
import dev.outcrop.k8s.config.SignalsFile;
import dev.outcrop.k8s.testing.Await;
import dev.outcrop.k8s.watch.Cluster.Sent;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SignalsProcessTest {
  @TempDir private Path folder;
  private final Cluster cluster = new Cluster();
  private final FakePods fakes = new FakePods();
  private final KubernetesClient user = cluster.client("user");

  /** They watch until the end: the mock is held up by an event to a watcher that has just gone. */
  private final SharedIndexInformer<ConfigMap> maps = user.configMaps().inform();

  private final SharedIndexInformer<Lease> leases = user.leases().inform();
  private final List<SignalsProcess> processes = new ArrayList<>();

  @AfterEach
  void stop() throws Exception {
    for (SignalsProcess process : processes) {
      process.close();
    }
    cluster.close();
    fakes.close();
  }

  private SignalsProcess start(String identity) throws Exception {
    return start(identity, "{duration: 90s, renew-deadline: 60s, retry: 200ms}");
  }

  private SignalsProcess start(String identity, String lease) throws Exception {
    Path file = folder.resolve("signals.yaml");
    Files.writeString(
        file,
        """
        poll: 100ms
        lease: %s
        replicas-config-map: outcrop-replicas
        management: {host: 127.0.0.1, port: 0}
        models:
        - id: %s
          workload: outcrop-llama
          selector: {outcrop.dev/model: llama}
          management-port: %d
          max: 8
        """
            .formatted(lease, FakePods.MODEL, fakes.port()));
    SignalsConfig config =
        SignalsFile.read(file, Map.of("POD_NAMESPACE", Cluster.NAMESPACE, "POD_NAME", identity));
    SignalsProcess process = SignalsProcess.start(config, cluster.client(identity));
    processes.add(process);
    return process;
  }

  private void addPod(String name) {
    user.pods().resource(Cluster.ready(name)).create();
  }

  private void awaitReplicas(int live) throws InterruptedException {
    Await.until(() -> maps.getStore().list().stream().anyMatch(map -> says(map, live)));
  }

  private static boolean says(ConfigMap map, int live) {
    return Integer.toString(live).equals(map.getData().get("outcrop-llama"));
  }

  private void awaitHolder(String identity) throws InterruptedException {
    Await.until(
        () ->
            leases.getStore().list().stream()
                .anyMatch(lease -> identity.equals(lease.getSpec().getHolderIdentity())));
  }

  private HttpResponse<String> get(SignalsProcess process, String path) throws Exception {
    try (HttpClient http = HttpClient.newHttpClient()) {
      return http.send(
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + process.managementPort() + path))
              .build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }

  private String metrics(SignalsProcess process) {
    try {
      return get(process, "/metrics").body();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void oneWritesAtEachMomentOverALeaderChange() throws Exception {
    addPod("llama-0");
    SignalsProcess first = start("a");
    awaitReplicas(1);
    SignalsProcess second = start("b");
    addPod("llama-1");
    awaitReplicas(2);
    assertThat(first.leads()).isTrue();
    assertThat(second.leads()).isFalse();

    first.close();
    awaitHolder("b");
    addPod("llama-2");
    awaitReplicas(3);

    List<Sent> log =
        cluster.log().stream()
            .filter(sent -> !sent.by().equals("user") && !sent.method().equals("GET"))
            .toList();
    List<String> writers = log.stream().filter(Sent::writes).map(Sent::by).toList();
    assertThat(writers).containsExactly("a", "a", "b");
    // One writes the Lease to take and renew it, and last to give it back.
    List<String> holders = log.stream().filter(Sent::isLease).map(Sent::by).toList();
    assertThat(holders.subList(holders.indexOf("b"), holders.size())).containsOnly("b");
    int released = lastOf(log, "a");
    assertThat(log.get(released).isLease()).isTrue();
    String holder = "";
    for (Sent sent : log) {
      if (sent.isLease()) {
        holder = sent.by();
      } else {
        assertThat(sent.by()).as(sent.toString()).isEqualTo(holder);
      }
    }
  }

  private static int lastOf(List<Sent> log, String by) {
    return log.stream().map(Sent::by).toList().lastIndexOf(by);
  }

  @Test
  void goesOnAsAFollowerWhenTheLeaseIsTakenAndCampaignsAgain() throws Exception {
    addPod("llama-0");
    SignalsProcess process = start("a", "{duration: 3s, renew-deadline: 2s, retry: 200ms}");
    awaitReplicas(1);

    user.leases()
        .withName("outcrop-signals")
        .patch(PatchContext.of(PatchType.JSON_MERGE), "{\"spec\":{\"holderIdentity\":\"thief\"}}");
    awaitHolder("thief");
    awaitHolder("a");
    addPod("llama-1");
    awaitReplicas(2);

    assertThat(process.scalings().latest(FakePods.MODEL)).isPresent();
    assertThat(get(process, "/livez").statusCode()).isEqualTo(200);
  }

  @Test
  void writesOnlyWhatChanges() throws Exception {
    addPod("llama-0");
    SignalsProcess process = start("a");
    awaitReplicas(1);
    CountDownLatch polls = new CountDownLatch(5);
    try (AutoCloseable _ = process.scalings().listen(_ -> polls.countDown())) {
      assertThat(polls.await(60, TimeUnit.SECONDS)).isTrue();
    }

    assertThat(cluster.log().stream().filter(Sent::writes).filter(sent -> sent.by().equals("a")))
        .hasSize(1);
  }

  @Test
  void tellsProbesAndMetrics() throws Exception {
    fakes.say(FakePods.page(3, 8_000, 0.4));
    addPod("llama-0");
    SignalsProcess process = start("a");
    awaitReplicas(1);
    assertThat(get(process, "/readyz").statusCode()).isEqualTo(200);
    // It counts a write after its answer, and marks pods after that.
    String marked = "outcrop_signals_writes_total{kind=\"deletion_cost\",outcome=\"done\",} 1.0";
    AtomicReference<String> page = new AtomicReference<>("");
    Await.until(
        () -> {
          page.set(metrics(process));
          return page.get().contains(marked);
        });

    String label = "{model=\"" + FakePods.MODEL + "\",}";
    assertThat(page.get())
        .contains("outcrop_signals_desired_replicas" + label + " 3.0")
        .contains("outcrop_signals_silent_pods" + label + " 0.0")
        .contains("outcrop_signals_leader 1.0")
        .contains("outcrop_signals_writes_total{kind=\"replicas\",outcome=\"done\",} 1.0");
    assertThat(user.pods().withName("llama-0").get().getMetadata().getAnnotations())
        .containsEntry(PodFacts.COST, "200");
  }

  @Test
  void isNotReadyBeforePodsCouldBeListed() throws Exception {
    cluster.close();
    SignalsProcess process = start("a");

    assertThat(get(process, "/readyz").statusCode()).isEqualTo(503);
    assertThat(get(process, "/livez").statusCode()).isEqualTo(200);
    assertThat(process.leads()).isFalse();
  }
}
