package dev.outcrop.helm;

import dev.outcrop.helm.Rendering.Pods;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.SecurityContext;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** What holds of every pod. Each law gives what breaks it. */
final class PodLaws {
  /**
   * The volumes that the restricted Pod Security Standard allows, and image volumes, which it
   * allows since 1.33.
   */
  private static final Set<String> VOLUMES =
      Set.of(
          "configMap",
          "csi",
          "downwardAPI",
          "emptyDir",
          "ephemeral",
          "image",
          "persistentVolumeClaim",
          "projected",
          "secret");

  private PodLaws() {}

  /** The restricted Pod Security Standard. */
  static List<String> restricted(Rendering rendering) {
    return rendering.pods().stream().flatMap(PodLaws::restricted).toList();
  }

  static Stream<String> restricted(Pods pods) {
    List<String> found = new ArrayList<>();
    PodSpec pod = pods.template().getSpec();
    if (yes(pod.getHostNetwork()) || yes(pod.getHostPID()) || yes(pod.getHostIPC())) {
      found.add("a namespace of the node");
    }
    for (Volume volume : pod.getVolumes()) {
      Rendering.written(volume)
          .fieldNames()
          .forEachRemaining(
              type -> {
                if (!type.equals("name") && !VOLUMES.contains(type)) {
                  found.add("volume " + volume.getName() + " is a " + type);
                }
              });
    }
    var shared = pod.getSecurityContext();
    for (Container container : pods.containers()) {
      SecurityContext own = container.getSecurityContext();
      String who = container.getName() + " ";
      if (own == null) {
        found.add(who + "has no security context");
        continue;
      }
      if (yes(own.getPrivileged())) {
        found.add(who + "is privileged");
      }
      if (!Boolean.FALSE.equals(own.getAllowPrivilegeEscalation())) {
        found.add(who + "may gain privileges");
      }
      if (own.getCapabilities() == null || !own.getCapabilities().getDrop().contains("ALL")) {
        found.add(who + "keeps capabilities");
      } else if (!List.of("NET_BIND_SERVICE").containsAll(own.getCapabilities().getAdd())) {
        found.add(who + "adds capabilities");
      }
      Boolean nonRoot = own.getRunAsNonRoot();
      if (!yes(nonRoot == null && shared != null ? shared.getRunAsNonRoot() : nonRoot)) {
        found.add(who + "may run as root");
      }
      Long user = own.getRunAsUser();
      if (Long.valueOf(0).equals(user == null && shared != null ? shared.getRunAsUser() : user)) {
        found.add(who + "runs as root");
      }
      var seccomp = own.getSeccompProfile();
      if (seccomp == null && shared != null) {
        seccomp = shared.getSeccompProfile();
      }
      if (seccomp == null || !"RuntimeDefault".equals(seccomp.getType())) {
        found.add(who + "has no seccomp profile");
      }
      if (container.getPorts().stream().anyMatch(port -> port.getHostPort() != null)) {
        found.add(who + "takes a port of the node");
      }
    }
    return found.stream().map(finding -> pods.owner() + ": " + finding);
  }

  /** Three probes that ask three questions, in an order that lets each do its work. */
  static List<String> probes(Rendering rendering) {
    List<String> found = new ArrayList<>();
    for (Deployment deployment : rendering.all(Deployment.class)) {
      String who = deployment.getMetadata().getName() + ": ";
      Container container = deployment.getSpec().getTemplate().getSpec().getContainers().getFirst();
      Probe start = container.getStartupProbe();
      Probe ready = container.getReadinessProbe();
      Probe live = container.getLivenessProbe();
      if (ready == null || live == null) {
        found.add(who + "no readiness or no liveness probe");
        continue;
      }
      boolean serving = "serving".equals(ObjectLaws.component(deployment));
      if (ready.getHttpGet().getPath().equals(live.getHttpGet().getPath())
          || (serving && start != null && !start.getHttpGet().getPath().equals("/startupz"))) {
        found.add(who + "two probes ask the same");
      }
      for (Probe probe : start == null ? List.of(ready, live) : List.of(start, ready, live)) {
        if (!"management".equals(probe.getHttpGet().getPort().getStrVal())) {
          found.add(who + "a probe asks another port than management");
        }
        if (probe.getPeriodSeconds() == null || probe.getFailureThreshold() == null) {
          found.add(who + "a probe leaves its times to Kubernetes");
        } else if (probe.getTimeoutSeconds() == null
            || probe.getTimeoutSeconds() > probe.getPeriodSeconds()) {
          found.add(who + "a probe waits longer than its period");
        }
      }
      if (!found.isEmpty()) {
        continue;
      }
      if (budget(ready) >= budget(live)) {
        found.add(who + "a pod is killed before it stops getting requests");
      }
      if (start != null) {
        if (budget(start) < budget(live)) {
          found.add(who + "a start has less time than a silent pod");
        }
        Integer deadline = deployment.getSpec().getProgressDeadlineSeconds();
        if (deadline == null || deadline <= budget(start)) {
          found.add(who + "a rollout fails before a pod's start does");
        }
      } else if (serving) {
        found.add(who + "no startup probe");
      }
    }
    return found;
  }

  private static int budget(Probe probe) {
    return probe.getPeriodSeconds() * probe.getFailureThreshold();
  }

  /** Devices cannot be shared, so their requests are their limits. */
  static List<String> devices(Rendering rendering) {
    List<String> found = new ArrayList<>();
    for (Pods pods : rendering.pods()) {
      for (Container container : pods.containers()) {
        if (container.getResources() == null) {
          continue;
        }
        Map<String, Quantity> limits = orEmpty(container.getResources().getLimits());
        Map<String, Quantity> requests = orEmpty(container.getResources().getRequests());
        requests.keySet().stream()
            .filter(name -> name.contains("/") && !requests.get(name).equals(limits.get(name)))
            .forEach(name -> found.add(pods.owner() + " requests another number of " + name));
        requests.forEach(
            (name, request) -> {
              Quantity limit = limits.get(name);
              if (limit != null
                  && request.getNumericalAmount().compareTo(limit.getNumericalAmount()) > 0) {
                found.add(pods.owner() + " requests more " + name + " than its limit");
              }
            });
      }
    }
    return found;
  }

  private static Map<String, Quantity> orEmpty(Map<String, Quantity> quantities) {
    return quantities == null ? Map.of() : quantities;
  }

  /** An image is one that can be named again. */
  static List<String> images(Rendering rendering) {
    List<String> found = new ArrayList<>();
    for (Pods pods : rendering.pods()) {
      for (Container container : pods.containers()) {
        String image = container.getImage();
        String last = image.substring(image.lastIndexOf('/') + 1);
        boolean digest = last.matches("[^@]+@sha256:[0-9a-f]{64}");
        if (!digest && (!last.matches("[^:@]+:[\\w][\\w.-]*") || last.endsWith(":latest"))) {
          found.add(pods.owner() + " runs " + image);
        }
        if (container.getImagePullPolicy() == null) {
          found.add(pods.owner() + " leaves when to pull " + image + " open");
        }
      }
    }
    return found;
  }

  /** Names in a pod are unique, and what refers to one finds it. */
  static List<String> references(Rendering rendering) {
    List<String> found = new ArrayList<>();
    for (Pods pods : rendering.pods()) {
      PodSpec pod = pods.template().getSpec();
      Set<String> volumes = new HashSet<>();
      for (Volume volume : pod.getVolumes()) {
        if (!volumes.add(volume.getName())) {
          found.add(pods.owner() + " has two volumes " + volume.getName());
        }
        if (volume.getConfigMap() != null
            && !Boolean.TRUE.equals(volume.getConfigMap().getOptional())) {
          rendering.names().stream()
              .filter(("ConfigMap/" + volume.getConfigMap().getName())::equals)
              .findFirst()
              .ifPresentOrElse(
                  _ -> {},
                  () -> found.add(pods.owner() + " mounts " + volume.getConfigMap().getName()));
        }
      }
      pod.getResourceClaims().stream()
          .map(claim -> "ResourceClaimTemplate/" + claim.getResourceClaimTemplateName())
          .filter(template -> !rendering.names().contains(template))
          .forEach(template -> found.add(pods.owner() + " claims by no " + template));
      Set<String> used = new HashSet<>();
      for (Container container : pods.containers()) {
        Map<String, String> paths = new HashMap<>();
        for (VolumeMount mount : container.getVolumeMounts()) {
          used.add(mount.getName());
          if (!volumes.contains(mount.getName())) {
            found.add(pods.owner() + " mounts no volume at " + mount.getMountPath());
          }
          if (paths.put(mount.getMountPath(), mount.getName()) != null) {
            found.add(pods.owner() + " mounts two volumes at " + mount.getMountPath());
          }
        }
        if (container.getEnv().stream().map(EnvVar::getName).distinct().count()
            != container.getEnv().size()) {
          found.add(pods.owner() + " has an environment variable twice");
        }
      }
      volumes.removeAll(used);
      volumes.forEach(volume -> found.add(pods.owner() + " has no use for volume " + volume));
    }
    return found;
  }

  /**
   * A model's pod has no key to the cluster, and no pod gets the addresses of Services as
   * variables.
   */
  static List<String> tokens(Rendering rendering) {
    List<String> found = new ArrayList<>();
    for (Pods pods : rendering.pods()) {
      PodSpec pod = pods.template().getSpec();
      boolean signals = "signals".equals(pods.labels().get("app.kubernetes.io/component"));
      if (!signals && !Boolean.FALSE.equals(pod.getAutomountServiceAccountToken())) {
        found.add(pods.owner() + " mounts the account's token");
      }
      if (!Boolean.FALSE.equals(pod.getEnableServiceLinks())) {
        found.add(pods.owner() + " takes the names of Services as variables");
      }
    }
    return found;
  }

  private static boolean yes(Boolean value) {
    return Boolean.TRUE.equals(value);
  }
}
