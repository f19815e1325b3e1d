package dev.outcrop.k8s.watch;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.mockwebserver.http.RecordedRequest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

/** An API server that keeps objects in memory and a log of requests. */
public final class Cluster implements AutoCloseable {
  /** Where everything is. */
  public static final String NAMESPACE = "models";

  /**
   * The mock holds up every request, for thirty seconds at most, while it writes an event to a
   * watcher that has just gone.
   */
  private static final int PATIENCE_MILLIS = 60_000;

  // A logger's level lasts only while somebody holds the logger.
  private static final Logger LOGS = Logger.getLogger("io.fabric8.mockwebserver");

  private final KubernetesMockServer server =
      new KubernetesMockServer(
          new Context(),
          new MockWebServer(),
          new HashMap<>(),
          new KubernetesCrudDispatcher(),
          false);
  private final List<KubernetesClient> clients = new ArrayList<>();

  /** Starts it. */
  public Cluster() {
    LOGS.setLevel(Level.WARNING);
    server.init();
  }

  /** Where it listens. */
  public String url() {
    return server.url("/");
  }

  /** A client whose requests the log tells from others' by a name. */
  public KubernetesClient client(String name) {
    Config config =
        new ConfigBuilder(Config.empty())
            .withMasterUrl(url())
            .withNamespace(NAMESPACE)
            .withUserAgent(name)
            .withRequestTimeout(PATIENCE_MILLIS)
            .withRequestRetryBackoffLimit(0)
            .build();
    KubernetesClient client = new KubernetesClientBuilder().withConfig(config).build();
    clients.add(client);
    return client;
  }

  /** A request of the log. */
  public record Sent(String by, String method, String path) {
    /** Whether it writes what only the leader may. */
    public boolean writes() {
      return !method.equals("GET") && !isLease();
    }

    /** Whether it is about the Lease. */
    public boolean isLease() {
      return path.contains("/leases");
    }
  }

  /** What was asked since the last call. */
  public List<Sent> log() throws InterruptedException {
    List<Sent> log = new ArrayList<>();
    RecordedRequest request;
    while ((request = server.takeRequest(0, TimeUnit.MILLISECONDS)) != null) {
      log.add(
          new Sent(
              String.valueOf(request.getHeader("User-Agent")),
              request.getMethod(),
              request.getPath()));
    }
    return log;
  }

  /** A ready pod on the loopback. */
  public static Pod ready(String name) {
    return new PodBuilder()
        .withNewMetadata()
        .withName(name)
        .withNamespace(NAMESPACE)
        .withUid("uid-" + name)
        .withCreationTimestamp("2026-01-01T10:00:00Z")
        .addToLabels("outcrop.dev/model", "llama")
        .endMetadata()
        .withNewStatus()
        .withPhase("Running")
        .withPodIP("127.0.0.1")
        .addNewCondition()
        .withType("Ready")
        .withStatus("True")
        .withLastTransitionTime("2026-01-01T10:02:00Z")
        .endCondition()
        .endStatus()
        .build();
  }

  @Override
  public void close() {
    clients.forEach(KubernetesClient::close);
    server.destroy();
  }
}
