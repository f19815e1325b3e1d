package dev.outcrop.helm;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.outcrop.helm.Rendering.Pods;
import dev.outcrop.k8s.config.SignalsFile;
import dev.outcrop.k8s.watch.SignalsProcess;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.mockwebserver.http.RecordedRequest;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Runs signals with the file that the chart writes against an API server in memory, and compares
 * what it asks with what the chart's Role grants.
 */
class RightsTest {
  private static final Pattern PATH =
      Pattern.compile(
          "/(?:api/v1|apis/(?<group>[^/]+)/[^/]+)/namespaces/(?<namespace>[^/]+)/(?<resource>[^/?]+)"
              + "(?:/(?<name>[^/?]+)(?:/(?<sub>[^/?]+))?)?(?<query>\\?.*)?");

  private static final String COST = "controller.kubernetes.io/pod-deletion-cost";

  // A logger's level lasts only while somebody holds the logger.
  private static final Logger LOGS = Logger.getLogger("io.fabric8.mockwebserver");

  private final KubernetesMockServer server =
      new KubernetesMockServer(
          new Context(),
          new MockWebServer(),
          new HashMap<>(),
          new KubernetesCrudDispatcher(),
          false);
  private HttpServer pods;

  @BeforeEach
  void start() throws Exception {
    LOGS.setLevel(Level.WARNING);
    server.init();
    pods = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    pods.createContext(
        "/metrics",
        exchange -> {
          byte[] page =
              """
              outcrop_ready 1.0
              outcrop_model_up{model="meta.llama3-1-8b-instruct-v1:0"} 1.0
              outcrop_running{model="meta.llama3-1-8b-instruct-v1:0"} 3
              outcrop_waiting{model="meta.llama3-1-8b-instruct-v1:0"} 0
              outcrop_waiting_prompts{model="meta.llama3-1-8b-instruct-v1:0"} 0
              outcrop_waiting_prompt_tokens{model="meta.llama3-1-8b-instruct-v1:0"} 0
              outcrop_prefill_tokens_per_second{model="meta.llama3-1-8b-instruct-v1:0"} 1000
              outcrop_kv_units{model="meta.llama3-1-8b-instruct-v1:0"} 100
              outcrop_kv_units_used{model="meta.llama3-1-8b-instruct-v1:0",state="referenced"} 40
              """
                  .getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, page.length);
          exchange.getResponseBody().write(page);
          exchange.close();
        });
    pods.start();
  }

  @AfterEach
  void stop() {
    pods.stop(0);
    server.destroy();
  }

  @Test
  void grantsSignalsWhatItAsksForAndNothingElse() throws Exception {
    int port = pods.getAddress().getPort();
    Rendering rendering =
        Chart.renderWith(
            "{server: {management: {port: %d}}, signals: {pollSeconds: 1}}".formatted(port));

    Set<String> asked = asked(rendering);

    assertThat(RightLaws.rights(rendering.only(Role.class).getRules())).isEqualTo(asked);
  }

  @Test
  void letsSignalsReadPodsOnlyWhereItMarksNone() {
    Rendering rendering = Chart.renderWith("signals: {deletionCost: false}");

    assertThat(RightLaws.rights(rendering.only(Role.class).getRules()))
        .filteredOn(right -> right.startsWith("/pods"))
        .containsExactly("/pods list", "/pods watch");
  }

  private Set<String> asked(Rendering rendering) throws Exception {
    String text = rendering.configFile(rendering.signals(), "config", "signals.yaml");
    var config =
        SignalsFile.read(
            ConfigLaws.file("signals.yaml", text.replace("port: 8082", "port: 0")),
            Map.of("POD_NAME", "signals-0"));
    try (KubernetesClient user = client("user");
        KubernetesClient client = client("signals")) {
      Deployment workload = rendering.one(Deployment.class, "example-outcrop-llama");
      user.resource(workload).create();
      user.resource(pod(rendering.models().getFirst(), "llama-0")).create();
      SignalsProcess process = SignalsProcess.start(config, client);
      try {
        await(user, config.replicasConfigMap(), "1");
        user.pods()
            .withName("llama-0")
            .waitUntilCondition(
                pod -> pod != null && pod.getMetadata().getAnnotations().containsKey(COST),
                20,
                TimeUnit.SECONDS);
        user.resource(pod(rendering.models().getFirst(), "llama-1")).create();
        await(user, config.replicasConfigMap(), "2");
      } finally {
        process.close();
      }
    }
    Set<String> asked = new TreeSet<>();
    RecordedRequest request;
    while ((request = server.takeRequest(0, TimeUnit.MILLISECONDS)) != null) {
      if ("signals".equals(request.getHeader("User-Agent"))) {
        asked.add(right(request, rendering.namespace()));
      }
    }
    return asked;
  }

  private static void await(KubernetesClient user, String map, String replicas) {
    user.configMaps()
        .inNamespace(Chart.NAMESPACE)
        .withName(map)
        .waitUntilCondition(found -> says(found, replicas), 20, TimeUnit.SECONDS);
  }

  private static boolean says(ConfigMap map, String replicas) {
    return map != null && replicas.equals(map.getData().get("example-outcrop-llama"));
  }

  /** What an API server asks its authorizer of a request. */
  private static String right(RecordedRequest request, String namespace) {
    Matcher path = PATH.matcher(request.getPath());
    assertThat(path.matches()).as(request.getPath()).isTrue();
    assertThat(path.group("namespace")).isEqualTo(namespace);
    boolean named = path.group("name") != null;
    String query = String.valueOf(path.group("query"));
    String verb =
        switch (request.getMethod()) {
          case "GET" -> named ? "get" : query.contains("watch=true") ? "watch" : "list";
          case "POST" -> "create";
          case "PUT" -> "update";
          default -> request.getMethod().toLowerCase(java.util.Locale.ROOT);
        };
    String group = path.group("group") == null ? "" : path.group("group");
    String resource =
        path.group("sub") == null
            ? path.group("resource")
            : path.group("resource") + "/" + path.group("sub");
    // pods come and go under names that no Role can know
    return group
        + "/"
        + resource
        + " "
        + verb
        + (named && !resource.equals("pods") ? " named" : "");
  }

  private KubernetesClient client(String name) {
    Config config =
        new ConfigBuilder(Config.empty())
            .withMasterUrl(server.url("/"))
            .withNamespace(Chart.NAMESPACE)
            .withUserAgent(name)
            .withRequestRetryBackoffLimit(0)
            .build();
    return new KubernetesClientBuilder().withConfig(config).build();
  }

  private static Pod pod(Pods template, String name) {
    return new PodBuilder()
        .withNewMetadata()
        .withName(name)
        .withNamespace(Chart.NAMESPACE)
        .withUid("uid-" + name)
        .withCreationTimestamp("2026-11-21T10:00:00Z")
        .withLabels(template.labels())
        .endMetadata()
        .withNewStatus()
        .withPhase("Running")
        .withPodIP("127.0.0.1")
        .addNewCondition()
        .withType("Ready")
        .withStatus("True")
        .withLastTransitionTime("2026-11-21T10:02:00Z")
        .endCondition()
        .endStatus()
        .build();
  }
}
