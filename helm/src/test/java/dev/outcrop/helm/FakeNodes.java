package dev.outcrop.helm;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/**
 * What nodes would do with the pods of the models: they become ready, each at an address of its own
 * on the loopback device, where a server answers what a model's management port would.
 */
final class FakeNodes implements AutoCloseable {
  private static final int MANAGEMENT = 8_081;
  private static final int SUBNET = 77;

  private final KubernetesClient client;
  private final String namespace;
  private final Page page;
  private final Map<String, HttpServer> servers = new ConcurrentHashMap<>();
  private final Thread loop;
  private int next;
  private volatile boolean closed;

  /** What a pod's metrics are. */
  interface Page {
    /** The page of the pod of a name, one of so many. */
    String of(String name, int pods);
  }

  /**
   * Starts.
   *
   * @param page the metrics page of a pod
   */
  FakeNodes(KubernetesClient client, String namespace, Page page) {
    this.client = client;
    this.namespace = namespace;
    this.page = page;
    loop = Thread.ofPlatform().name("nodes").start(this::run);
  }

  /** The pods of models that are there and do not end. */
  static List<Pod> pods(KubernetesClient client, String namespace) {
    return client
        .pods()
        .inNamespace(namespace)
        .withLabel("app.kubernetes.io/component", "serving")
        .list()
        .getItems()
        .stream()
        .filter(pod -> pod.getMetadata().getDeletionTimestamp() == null)
        .toList();
  }

  private void run() {
    while (!closed) {
      try {
        step();
        Thread.sleep(200);
      } catch (InterruptedException e) {
        return;
      } catch (KubernetesClientException e) {
        // A request that close() interrupted, or that a busy machine took too long for: again.
      }
    }
  }

  private void step() {
    List<Pod> pods = pods(client, namespace);
    var names = pods.stream().map(pod -> pod.getMetadata().getName()).collect(Collectors.toSet());
    servers
        .entrySet()
        .removeIf(
            entry -> {
              if (names.contains(entry.getKey())) {
                return false;
              }
              entry.getValue().stop(0);
              return true;
            });
    for (Pod pod : pods) {
      if (!servers.containsKey(pod.getMetadata().getName())) {
        ready(pod);
      }
    }
  }

  private void ready(Pod pod) {
    String address = "127.0.%d.%d".formatted(SUBNET, ++next);
    try {
      servers.put(pod.getMetadata().getName(), serve(address, pod.getMetadata().getName()));
      client
          .resource(
              new PodBuilder(pod)
                  .editOrNewStatus()
                  .withPhase("Running")
                  .withPodIP(address)
                  .withPodIPs(
                      new io.fabric8.kubernetes.api.model.PodIPBuilder().withIp(address).build())
                  .withConditions(
                      List.of(
                          new io.fabric8.kubernetes.api.model.PodConditionBuilder()
                              .withType("Ready")
                              .withStatus("True")
                              .build()))
                  .endStatus()
                  .build())
          .patchStatus();
    } catch (IOException | KubernetesClientException e) { // again at the next step
      HttpServer server = servers.remove(pod.getMetadata().getName());
      if (server != null) {
        server.stop(0);
      }
    }
  }

  private HttpServer serve(String address, String name) throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress(address, MANAGEMENT), 0);
    server.createContext(
        "/metrics",
        exchange -> {
          byte[] bytes = page.of(name, servers.size()).getBytes(UTF_8);
          exchange.sendResponseHeaders(200, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
    server.start();
    return server;
  }

  /** The page of a model's pod with some work in it. */
  static String page(String model, long waitingPromptTokens, int running) {
    return """
        outcrop_ready 1.0
        outcrop_model_up{model="%1$s",} 1.0
        outcrop_running{model="%1$s",} %3$d.0
        outcrop_waiting{model="%1$s",} %4$d.0
        outcrop_waiting_prompts{model="%1$s",} %4$d.0
        outcrop_waiting_prompt_tokens{model="%1$s",} %2$d.0
        outcrop_kv_units{model="%1$s",} 1000.0
        outcrop_kv_units_used{model="%1$s",state="referenced",} %3$d.0
        outcrop_kv_units_used{model="%1$s",state="cached",} 0.0
        outcrop_engine_tokens_total{model="%1$s",kind="prompt",} 100000.0
        outcrop_engine_tokens_total{model="%1$s",kind="completion",} 0.0
        outcrop_prefill_tokens_per_second{model="%1$s",} 1000.0
        outcrop_slo_burn{model="%1$s",target="first_token",} 0.0
        outcrop_slo_burn{model="%1$s",target="token_interval",} 0.0
        outcrop_load{model="%1$s",} 0.0
        outcrop_knee{model="%1$s",} 100.0
        """
        .formatted(model, waitingPromptTokens, running, waitingPromptTokens / 100);
  }

  @Override
  public void close() throws InterruptedException {
    closed = true;
    loop.join();
    servers.values().forEach(server -> server.stop(0));
  }
}
