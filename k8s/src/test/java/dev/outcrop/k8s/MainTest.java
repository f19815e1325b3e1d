package dev.outcrop.k8s;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.k8s.testing.Await;
import dev.outcrop.k8s.watch.Cluster;
import dev.outcrop.k8s.watch.FakePods;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MainTest {
  @TempDir private Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... arguments) {
    return Main.execute(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
  }

  private String config(String text) throws Exception {
    return Files.writeString(folder.resolve("signals.yaml"), text).toString();
  }

  @Test
  void printsPodsAndTheDecisionOnce() throws Exception {
    try (Cluster cluster = new Cluster();
        FakePods fakes = new FakePods()) {
      fakes.say(FakePods.page(3, 8_000, 0.4));
      KubernetesClient user = cluster.client("user");
      user.pods().resource(Cluster.ready("outcrop-llama-6d5f9-x2x7k")).create();
      user.apps()
          .deployments()
          .resource(
              new DeploymentBuilder()
                  .withNewMetadata()
                  .withName("outcrop-llama")
                  .withNamespace(Cluster.NAMESPACE)
                  .endMetadata()
                  .withNewSpec()
                  .withReplicas(1)
                  .endSpec()
                  .build())
          .create();
      cluster.log();
      Path access = kubeconfig(cluster.url());
      String file =
          config(
              """
              namespace: models
              models:
              - id: %s
                workload: outcrop-llama
                selector: {outcrop.dev/model: llama}
                management-port: %d
                max: 8
              """
                  .formatted(FakePods.MODEL, fakes.port()));
      System.setProperty("kubeconfig", access.toString());
      try {
        assertThat(run("--config", file, "--once")).as(err.toString()).isZero();
      } finally {
        System.clearProperty("kubeconfig");
      }
      assertThat(out.toString())
          .isEqualTo(
              """
              meta.llama3-1-8b-instruct-v1:0: deployment outcrop-llama is told to have 1 replicas
                POD                        STATE      RUNNING  WAITING  PROMPT TOKENS  KV    TOKENS/S  KNEE  COST
                outcrop-llama-6d5f9-x2x7k  answering  3        2        8000           0.40  1000      0     -
                needed for the queue 3.00, for what arrives 0.00, for KV 0.50, for running requests 0.00; times 1.00
                desired 3 (min 1, max 8, active): that is what queue needs; no number keeps the budget of 2000 ms for a prompt of 2667 tokens, which takes 2667 ms
              """);
      assertThat(cluster.log()).noneMatch(sent -> !sent.method().equals("GET"));
    }
  }

  @Test
  void givesTheLeaseBackOnSigtermAndEndsWell() throws Exception {
    try (Cluster cluster = new Cluster()) {
      KubernetesClient user = cluster.client("user");
      // It watches until the end: the mock is held up by an event to a watcher that has just gone.
      SharedIndexInformer<Lease> leases = user.leases().inform();
      String file =
          config(
              """
              namespace: models
              identity: a
              management: {host: 127.0.0.1, port: 0}
              models: [{id: a, workload: w, selector: {a: b}}]
              """);
      Process process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Dkubeconfig=" + kubeconfig(cluster.url()),
                  "-classpath",
                  System.getProperty("java.class.path"),
                  Main.class.getName(),
                  "--config",
                  file)
              .redirectErrorStream(true)
              .redirectOutput(folder.resolve("log").toFile())
              .start();
      try {
        Await.until(
            () -> leases.getStore().list().stream().anyMatch(lease -> "a".equals(holder(lease))));
        process.destroy();
        assertThat(process.waitFor(30, SECONDS)).isTrue();
      } finally {
        process.destroyForcibly();
      }
      String log = Files.readString(folder.resolve("log"));
      assertThat(process.exitValue()).as(log).isZero();
      assertThat(log).contains("a does not lead any more");
      assertThat(holder(user.leases().withName("outcrop-signals").get())).isNull();
    }
  }

  private static String holder(Lease lease) {
    return lease.getSpec().getHolderIdentity();
  }

  private Path kubeconfig(String server) throws Exception {
    return Files.writeString(
        folder.resolve("kubeconfig"),
        """
        apiVersion: v1
        kind: Config
        clusters: [{name: c, cluster: {server: "%s"}}]
        contexts: [{name: c, context: {cluster: c}}]
        current-context: c
        """
            .formatted(server));
  }

  @Test
  void namesWhatIsWrongWithItsSettings() throws Exception {
    assertThat(
            run(
                "--config",
                config(
                    "namespace: n\nidentity: i\npol: 5s\nmodels: [{id: a, workload: w, selector: {a: b}}]\n")))
        .isEqualTo(2);
    assertThat(err.toString()).contains("signals.yaml: pol is not a known key");
  }

  @Test
  void saysThatTheApiServerCannotBeReached() throws Exception {
    Path access = kubeconfig("http://127.0.0.1:1");
    String file = config("namespace: n\nmodels: [{id: a, workload: w, selector: {a: b}}]\n");
    System.setProperty("kubeconfig", access.toString());
    try {
      assertThat(run("--config", file, "--once")).isEqualTo(1);
    } finally {
      System.clearProperty("kubeconfig");
    }
    assertThat(err.toString()).contains("outcrop: the API server cannot be reached");
  }
}
