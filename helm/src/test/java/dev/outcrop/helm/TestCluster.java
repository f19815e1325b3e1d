package dev.outcrop.helm;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.authentication.TokenRequestBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.dsl.FieldValidateable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;

/**
 * The control plane that {@code src/test/cluster/cluster run} starts: a real API server with the
 * real controllers, and no nodes.
 */
final class TestCluster implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(4);

  private final String kubeconfig = environment("OUTCROP_KUBECONFIG");
  private final KubernetesClient client;

  TestCluster() throws IOException {
    client =
        new KubernetesClientBuilder()
            .withConfig(Config.fromKubeconfig(Files.readString(Path.of(kubeconfig))))
            .build();
  }

  private static String environment(String name) {
    return Objects.requireNonNull(
        System.getenv(name), name + " is not set: run src/test/cluster/cluster run");
  }

  KubernetesClient client() {
    return client;
  }

  /** An address of this machine that the API server lets a service have behind it. */
  static String address() {
    return environment("OUTCROP_CLUSTER_ADDRESS");
  }

  /** A file of the cluster's, such as the CA's certificate. */
  static Path file(String name) {
    return Path.of(environment("OUTCROP_CLUSTER_STATE")).resolve(name);
  }

  /** A namespace that takes no pod which is not restricted. */
  void restrictedNamespace(String name) {
    client
        .resource(
            new NamespaceBuilder()
                .withNewMetadata()
                .withName(name)
                .withLabels(
                    Map.of(
                        "pod-security.kubernetes.io/enforce", "restricted",
                        "pod-security.kubernetes.io/enforce-version", "latest"))
                .endMetadata()
                .build())
        .serverSideApply();
  }

  /** As {@code kubectl apply --server-side} of an owner called helm, with validation. */
  HasMetadata apply(HasMetadata object) {
    return client
        .resource(object)
        .fieldValidation(FieldValidateable.Validation.STRICT)
        .fieldManager("helm")
        .serverSideApply();
  }

  /** A kubeconfig of a ServiceAccount, with the rights that it has and no others. */
  Path kubeconfigOf(String namespace, String account) throws IOException {
    String token =
        client
            .serviceAccounts()
            .inNamespace(namespace)
            .withName(account)
            .tokenRequest(
                new TokenRequestBuilder()
                    .withNewSpec()
                    .withExpirationSeconds(3_600L)
                    .endSpec()
                    .build())
            .getStatus()
            .getToken();
    String authority =
        Base64.getEncoder().encodeToString(Files.readAllBytes(file("cluster-ca.crt")));
    Path written = Files.createTempFile("kubeconfig", ".yaml");
    written.toFile().deleteOnExit();
    Files.writeString(
        written,
        """
        apiVersion: v1
        kind: Config
        clusters: [{name: c, cluster: {server: "%s", certificate-authority-data: %s}}]
        users: [{name: u, user: {token: %s}}]
        contexts: [{name: x, context: {cluster: c, user: u, namespace: %s}}]
        current-context: x
        """
            .formatted(client.getMasterUrl(), authority, token, namespace));
    return written;
  }

  /** Waits until a condition holds. */
  static void await(String what, Callable<Boolean> condition) throws Exception {
    long until = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.call()) {
      if (System.nanoTime() > until) {
        throw new AssertionError("not within " + PATIENCE.toSeconds() + " s: " + what);
      }
      Thread.sleep(100);
    }
  }

  @Override
  public void close() {
    client.close();
  }
}
