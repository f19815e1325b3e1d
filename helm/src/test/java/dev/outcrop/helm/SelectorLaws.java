package dev.outcrop.helm;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outcrop.helm.Rendering.Manifest;
import dev.outcrop.helm.Rendering.Pods;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What holds between selectors and the pods they mean. Each law gives what breaks it. */
final class SelectorLaws {

  private SelectorLaws() {}

  /** A selector of an object, as labels; this chart needs no expressions. */
  record Selector(String owner, Map<String, String> labels) {
    boolean matches(Map<String, String> pod) {
      return pod.entrySet().containsAll(labels.entrySet());
    }
  }

  /** Every selector by which something finds pods. */
  static List<Selector> selectors(Rendering rendering) {
    return rendering.manifests().stream().flatMap(SelectorLaws::selectors).toList();
  }

  private static Stream<Selector> selectors(Manifest manifest) {
    return switch (manifest.typed()) {
      case Deployment deployment ->
          Stream.of(selector(manifest, deployment.getSpec().getSelector()));
      case PodDisruptionBudget budget ->
          Stream.of(selector(manifest, budget.getSpec().getSelector()));
      case Service service when service.getSpec().getSelector() != null ->
          Stream.of(new Selector(manifest.id(), service.getSpec().getSelector()));
      default ->
          switch (manifest.kind()) {
            case "PodMonitor", "InferencePool" ->
                Stream.of(
                    new Selector(
                        manifest.id(), labels(manifest.json().at("/spec/selector/matchLabels"))));
            default -> Stream.of();
          };
    };
  }

  private static Selector selector(Manifest manifest, LabelSelector selector) {
    return new Selector(manifest.id(), selector.getMatchLabels());
  }

  static Map<String, String> labels(JsonNode node) {
    Map<String, String> labels = new HashMap<>();
    node.properties().forEach(entry -> labels.put(entry.getKey(), entry.getValue().asText()));
    return labels;
  }

  /** The owners of the pods that a selector finds. */
  static Set<String> found(Rendering rendering, Selector selector) {
    return rendering.pods().stream()
        .filter(pods -> selector.matches(pods.labels()))
        .map(Pods::owner)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /**
   * Every selector finds pods of one Deployment, none of another, and none of a test; those that
   * mean all pods that serve, or all of the release, find these.
   */
  static List<String> meant(Rendering rendering) {
    List<String> findings = new ArrayList<>();
    Set<String> models =
        rendering.models().stream().map(Pods::owner).collect(Collectors.toCollection(TreeSet::new));
    for (Selector selector : selectors(rendering)) {
      Set<String> found = found(rendering, selector);
      boolean one = found.size() == 1 && found.iterator().next().startsWith("Deployment/");
      boolean monitor = selector.owner().startsWith("PodMonitor/");
      Set<String> all = new TreeSet<>(models);
      rendering.component("signals").forEach(pods -> all.add(pods.owner()));
      if (!one && !(monitor && (found.equals(models) || found.equals(all)))) {
        findings.add(selector.owner() + " finds " + found);
      }
      if (!monitor) {
        strangers(rendering, selector).forEach(findings::add);
      }
    }
    for (Deployment deployment : rendering.all(Deployment.class)) {
      String id = "Deployment/" + deployment.getMetadata().getName();
      if (!found(rendering, new Selector(id, deployment.getSpec().getSelector().getMatchLabels()))
          .equals(Set.of(id))) {
        findings.add(id + " does not select its own pods alone");
      }
    }
    return findings;
  }

  /** What is of one model or part finds no pods of another; a test's objects look for others'. */
  private static List<String> strangers(Rendering rendering, Selector selector) {
    List<String> findings = new ArrayList<>();
    Map<String, String> own =
        rendering.manifests().stream()
            .filter(manifest -> manifest.id().equals(selector.owner()))
            .map(manifest -> labels(manifest.json().at("/metadata/labels")))
            .filter(labels -> !"test".equals(labels.get("app.kubernetes.io/component")))
            .findFirst()
            .orElse(Map.of());
    for (Pods pods : rendering.pods()) {
      for (String key : List.of("outcrop.dev/model", "app.kubernetes.io/component")) {
        if (own.containsKey(key)
            && selector.matches(pods.labels())
            && !own.get(key).equals(pods.labels().get(key))) {
          findings.add(selector.owner() + " finds " + pods.owner() + " of another " + key);
        }
      }
    }
    return findings;
  }

  /**
   * Policies close every pod but a test's, both ways, unless nobody wants any; each closes some.
   */
  static List<String> closed(Rendering rendering) {
    boolean wanted = rendering.values().at("/networkPolicy/enabled").asBoolean();
    List<NetworkPolicy> policies = rendering.all(NetworkPolicy.class);
    List<Pods> installed = rendering.pods().stream().filter(pods -> !pods.hook()).toList();
    List<String> findings = new ArrayList<>();
    for (NetworkPolicy policy : policies) {
      if (installed.stream().noneMatch(pods -> selects(policy, pods))) {
        findings.add("NetworkPolicy/" + policy.getMetadata().getName() + " closes nothing");
      }
    }
    for (Pods pods : installed) {
      for (String type : List.of("Ingress", "Egress")) {
        if (wanted
            && policies.stream()
                .filter(policy -> policy.getSpec().getPolicyTypes().contains(type))
                .noneMatch(policy -> selects(policy, pods))) {
          findings.add(pods.owner() + " is open: no policy for " + type);
        }
      }
    }
    return findings;
  }

  private static boolean selects(NetworkPolicy policy, Pods pods) {
    return new Selector("", policy.getSpec().getPodSelector().getMatchLabels())
        .matches(pods.labels());
  }

  /** Every port of a Service has a name, and a container of each pod behind it has that port. */
  static List<String> ports(Rendering rendering) {
    List<String> findings = new ArrayList<>();
    for (Service service : rendering.all(Service.class)) {
      String id = "Service/" + service.getMetadata().getName();
      for (ServicePort port : service.getSpec().getPorts()) {
        if (port.getName() == null || port.getTargetPort() == null) {
          findings.add(id + " has a port without a name or a target");
          continue;
        }
        Selector selector = new Selector(id, service.getSpec().getSelector());
        boolean everywhere =
            rendering.workloads().stream()
                .filter(pods -> selector.matches(pods.labels()))
                .allMatch(pods -> hasPort(pods, port.getTargetPort().getValue()));
        if (!everywhere) {
          findings.add(
              id
                  + " leads to port "
                  + port.getTargetPort().getValue()
                  + ", which no container has");
        }
      }
    }
    return findings;
  }

  static boolean hasPort(Pods pods, Object nameOrNumber) {
    return pods.template().getSpec().getContainers().stream()
        .flatMap(container -> container.getPorts().stream())
        .anyMatch(
            port ->
                port.getName().equals(nameOrNumber)
                    || port.getContainerPort().equals(nameOrNumber));
  }

  /** Monitors read the port named management, which every pod they find has. */
  static List<String> monitors(Rendering rendering) {
    List<String> findings = new ArrayList<>();
    for (JsonNode monitor : rendering.kind("PodMonitor")) {
      Selector selector =
          new Selector("PodMonitor", labels(monitor.at("/spec/selector/matchLabels")));
      for (JsonNode endpoint : monitor.at("/spec/podMetricsEndpoints")) {
        rendering.workloads().stream()
            .filter(pods -> selector.matches(pods.labels()))
            .filter(pods -> !hasPort(pods, endpoint.path("port").asText()))
            .forEach(
                pods ->
                    findings.add(
                        "PodMonitor reads " + endpoint.path("port") + " of " + pods.owner()));
      }
    }
    for (JsonNode monitor : rendering.kind("ServiceMonitor")) {
      Selector selector =
          new Selector("ServiceMonitor", labels(monitor.at("/spec/selector/matchLabels")));
      for (JsonNode endpoint : monitor.at("/spec/endpoints")) {
        List<Service> services =
            rendering.all(Service.class).stream()
                .filter(service -> selector.matches(service.getMetadata().getLabels()))
                .filter(
                    service ->
                        service.getSpec().getPorts().stream()
                            .anyMatch(
                                port -> port.getName().equals(endpoint.path("port").asText())))
                .toList();
        if (services.isEmpty()) {
          findings.add("ServiceMonitor finds no Service with port " + endpoint.path("port"));
        }
        Set<String> twice = new TreeSet<>();
        services.forEach(
            service ->
                found(rendering, new Selector("", service.getSpec().getSelector()))
                    .forEach(
                        owner -> {
                          if (!twice.add(owner)) {
                            findings.add("ServiceMonitor reads the pods of " + owner + " twice");
                          }
                        }));
      }
    }
    return findings;
  }

  /** A budget that holds the only pod of a workload would hold up every drain of its node. */
  static List<String> budgets(Rendering rendering) {
    List<String> findings = new ArrayList<>();
    for (PodDisruptionBudget budget : rendering.all(PodDisruptionBudget.class)) {
      String id = "PodDisruptionBudget/" + budget.getMetadata().getName();
      Selector selector = new Selector(id, budget.getSpec().getSelector().getMatchLabels());
      if (budget.getSpec().getMaxUnavailable() == null
          || budget.getSpec().getMaxUnavailable().getValue().equals(0)) {
        findings.add(id + " lets no pod go");
      }
      for (Deployment deployment : rendering.all(Deployment.class)) {
        if (selector.matches(deployment.getSpec().getTemplate().getMetadata().getLabels())
            && most(rendering, deployment) <= 1) {
          findings.add(id + " holds the only pod of " + deployment.getMetadata().getName());
        }
      }
    }
    return findings;
  }

  private static int most(Rendering rendering, Deployment deployment) {
    Integer replicas = deployment.getSpec().getReplicas();
    return replicas != null
        ? replicas
        : ScalingLaws.scalers(rendering).stream()
            .filter(scaler -> scaler.target().equals(deployment.getMetadata().getName()))
            .mapToInt(ScalingLaws.Scaler::most)
            .max()
            .orElse(1);
  }
}
