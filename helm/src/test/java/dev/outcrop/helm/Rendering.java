package dev.outcrop.helm;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What the chart renders.
 *
 * @param values what it renders that of, the chart's own with others over them
 */
record Rendering(
    String text, JsonNode values, String release, String namespace, List<Manifest> manifests) {
  private static final KubernetesSerialization TYPES = new KubernetesSerialization();
  private static final String HOOK = "helm.sh/hook";

  /** One object, as it is written and as Kubernetes' types read it. */
  record Manifest(JsonNode json, HasMetadata typed) {
    String kind() {
      return json.path("kind").asText();
    }

    /** Its kind and name, to name it in a finding. */
    String id() {
      return kind() + "/" + json.at("/metadata/name").asText();
    }

    boolean isHook() {
      return json.at("/metadata/annotations").has(HOOK);
    }
  }

  /** The pods of one object, under its name. */
  record Pods(String owner, boolean hook, PodTemplateSpec template) {
    List<Container> containers() {
      List<Container> all = new ArrayList<>(template.getSpec().getInitContainers());
      all.addAll(template.getSpec().getContainers());
      return all;
    }

    Map<String, String> labels() {
      Map<String, String> labels = template.getMetadata().getLabels();
      return labels == null ? Map.of() : labels;
    }

    Container container() {
      return template.getSpec().getContainers().getFirst();
    }
  }

  static Rendering of(String text, JsonNode values, String release, String namespace) {
    List<Manifest> manifests = new ArrayList<>();
    try (var documents = Chart.YAML.readerFor(JsonNode.class).<JsonNode>readValues(text)) {
      while (documents.hasNext()) {
        JsonNode document = documents.next();
        if (document.isObject() && !document.isEmpty()) {
          manifests.add(manifest(document));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Rendering(text, values, release, namespace, List.copyOf(manifests));
  }

  /** Other objects in the place of these. */
  Rendering with(String other) {
    return of(other, values, release, namespace);
  }

  static Manifest manifest(JsonNode document) {
    return new Manifest(document, TYPES.unmarshal(document.toString()));
  }

  /** The object as Kubernetes' types write it again. */
  static JsonNode written(Object typed) {
    try {
      return Chart.YAML.readTree(TYPES.asJson(typed));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  <T extends HasMetadata> List<T> all(Class<T> type) {
    return manifests.stream()
        .map(Manifest::typed)
        .filter(type::isInstance)
        .map(type::cast)
        .toList();
  }

  <T extends HasMetadata> T one(Class<T> type, String name) {
    return all(type).stream()
        .filter(object -> object.getMetadata().getName().equals(name))
        .findFirst()
        .orElseThrow(
            () -> new AssertionError("no " + type.getSimpleName() + " " + name + " in " + names()));
  }

  /** The only object of a kind. */
  <T extends HasMetadata> T only(Class<T> type) {
    List<T> all = all(type);
    if (all.size() != 1) {
      throw new AssertionError(all.size() + " of " + type.getSimpleName() + " in " + names());
    }
    return all.getFirst();
  }

  /** Objects of a kind that the model library has no type for. */
  List<JsonNode> kind(String kind) {
    return manifests.stream()
        .filter(manifest -> manifest.kind().equals(kind))
        .map(Manifest::json)
        .toList();
  }

  List<String> names() {
    return manifests.stream().map(Manifest::id).toList();
  }

  /** The pods of every Deployment, Job and Pod. */
  List<Pods> pods() {
    return manifests.stream()
        .flatMap(
            manifest ->
                switch (manifest.typed()) {
                  case Deployment deployment ->
                      Stream.of(
                          new Pods(
                              manifest.id(),
                              manifest.isHook(),
                              deployment.getSpec().getTemplate()));
                  case Job job ->
                      Stream.of(
                          new Pods(manifest.id(), manifest.isHook(), job.getSpec().getTemplate()));
                  case Pod pod ->
                      Stream.of(
                          new Pods(
                              manifest.id(),
                              manifest.isHook(),
                              new PodTemplateSpec(pod.getMetadata(), pod.getSpec())));
                  default -> Stream.of();
                })
        .toList();
  }

  /** The pods of Deployments, which stay. */
  List<Pods> workloads() {
    return pods().stream().filter(pods -> pods.owner().startsWith("Deployment/")).toList();
  }

  List<Pods> component(String component) {
    return workloads().stream()
        .filter(pods -> component.equals(pods.labels().get("app.kubernetes.io/component")))
        .toList();
  }

  List<Pods> models() {
    return component("serving");
  }

  Pods signals() {
    return component("signals").getFirst();
  }

  /** The file of a ConfigMap that a pod mounts under a path. */
  String configFile(Pods pods, String volume, String file) {
    String name =
        pods.template().getSpec().getVolumes().stream()
            .filter(v -> v.getName().equals(volume))
            .findFirst()
            .orElseThrow()
            .getConfigMap()
            .getName();
    return one(ConfigMap.class, name).getData().get(file);
  }
}
