package dev.outcrop.helm;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outcrop.helm.Rendering.Manifest;
import dev.outcrop.helm.Rendering.Pods;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** What holds of every object. Each law gives what breaks it. */
final class ObjectLaws {
  /** Kinds that belong to no namespace. */
  static final Set<String> CLUSTER =
      Set.of(
          "APIService",
          "ClusterRole",
          "ClusterRoleBinding",
          "PersistentVolume",
          "NodePool",
          "EC2NodeClass",
          "StorageClass",
          "PriorityClass",
          "Namespace");

  /** In place of other namespaces there is one: where the API server tells whom it trusts. */
  private static final String TRUST = "RoleBinding/kube-system";

  private static final String LABEL = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?";

  private static final Pattern KEY =
      Pattern.compile(
          "PRIVATE KEY|\\b(?:AKIA|ASIA)[A-Z0-9]{16}\\b|\\b(?:hf_|sk-|ghp_)[A-Za-z0-9]{16}");

  private ObjectLaws() {}

  /** Every field is one that its type has, and holds a value of the field's type. */
  static List<String> fields(Rendering rendering) {
    return rendering.manifests().stream()
        .flatMap(
            manifest ->
                Fields.findings(manifest.typed(), manifest.json()).stream()
                    .map(finding -> manifest.id() + finding))
        .toList();
  }

  /** No object of the chart lies anywhere but in the release's namespace. */
  static List<String> namespaces(Rendering rendering) {
    List<String> found = new ArrayList<>();
    for (Manifest manifest : rendering.manifests()) {
      String namespace = manifest.typed().getMetadata().getNamespace();
      if (CLUSTER.contains(manifest.kind())) {
        if (namespace != null) {
          found.add(manifest.id() + " has a namespace, which its kind has not");
        }
      } else if (!rendering.namespace().equals(namespace)
          && !TRUST.equals(manifest.kind() + "/" + namespace)) {
        found.add(manifest.id() + " lies in namespace " + namespace);
      }
    }
    return found;
  }

  /** Names and labels are ones that Kubernetes takes, and every object has its own. */
  static List<String> names(Rendering rendering) {
    List<String> found = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (Manifest manifest : rendering.manifests()) {
      var metadata = manifest.typed().getMetadata();
      String name = metadata.getName();
      boolean subdomain =
          CLUSTER.contains(manifest.kind())
              || !rendering.namespace().equals(metadata.getNamespace());
      if (!seen.add(manifest.id() + "/" + metadata.getNamespace())) {
        found.add(manifest.id() + " is there twice");
      }
      if (name.length() > (subdomain ? 253 : 63)
          || !name.matches(
              subdomain ? "[a-z0-9]([-.a-z0-9]*[a-z0-9])?" : "[a-z]([-a-z0-9]*[a-z0-9])?")) {
        found.add(manifest.id() + " is no name for a label");
      }
      labels(manifest.id(), orEmpty(metadata.getLabels()), found);
    }
    for (Pods pods : rendering.pods()) {
      labels(pods.owner(), pods.labels(), found);
      pods.containers()
          .forEach(
              container -> {
                if (container.getName().length() > 63) {
                  found.add(pods.owner() + " has a container with too long a name");
                }
                container.getPorts().stream()
                    .filter(
                        port ->
                            !port.getName()
                                .matches("(?=.*[a-z])[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?"))
                    .forEach(port -> found.add(pods.owner() + " has a port " + port.getName()));
              });
    }
    return found;
  }

  private static void labels(String who, Map<String, String> labels, List<String> found) {
    labels.forEach(
        (key, value) -> {
          if (value.length() > 63 || !value.matches(LABEL)) {
            found.add(who + " has label " + key + ": " + value);
          }
        });
  }

  /** Helm and people find what belongs to the release by its labels. */
  static List<String> labels(Rendering rendering) {
    List<String> found = new ArrayList<>();
    for (Manifest manifest : rendering.manifests()) {
      Map<String, String> labels = orEmpty(manifest.typed().getMetadata().getLabels());
      if (!rendering.release().equals(labels.get("app.kubernetes.io/instance"))
          || !"Helm".equals(labels.get("app.kubernetes.io/managed-by"))
          || !labels.containsKey("app.kubernetes.io/name")
          || !labels.containsKey("helm.sh/chart")) {
        found.add(manifest.id() + " lacks labels of the release");
      }
    }
    return found;
  }

  /** Secrets are named, never written: neither as objects nor in the text of others. */
  static List<String> secrets(Rendering rendering) {
    List<String> found = new ArrayList<>();
    rendering
        .all(Secret.class)
        .forEach(secret -> found.add("Secret " + secret.getMetadata().getName()));
    for (Manifest manifest : rendering.manifests()) {
      texts(manifest.json())
          .filter(text -> KEY.matcher(text).find())
          .forEach(_ -> found.add(manifest.id() + " holds a key"));
    }
    return found;
  }

  private static Stream<String> texts(JsonNode node) {
    return node.isTextual()
        ? Stream.of(node.asText())
        : StreamSupport.stream(node.spliterator(), false).flatMap(ObjectLaws::texts);
  }

  static String component(HasMetadata object) {
    String component = orEmpty(object.getMetadata().getLabels()).get("app.kubernetes.io/component");
    return component == null ? "" : component;
  }

  static String component(Deployment deployment) {
    return deployment
        .getSpec()
        .getTemplate()
        .getMetadata()
        .getLabels()
        .getOrDefault("app.kubernetes.io/component", "");
  }

  static Map<String, String> orEmpty(Map<String, String> map) {
    return map == null ? Map.of() : map;
  }
}
