package dev.outcrop.helm;

import dev.outcrop.helm.Rendering.Pods;
import dev.outcrop.k8s.config.ModelConfig;
import dev.outcrop.k8s.config.SignalsConfig;
import dev.outcrop.k8s.config.SignalsFile;
import dev.outcrop.serving.config.ConfigFile;
import dev.outcrop.serving.config.ServingConfig;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.VolumeMount;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

/** What holds of the files that pods read. Each law gives what breaks it. */
final class ConfigLaws {
  /** What a server needs to come down after its drain. */
  private static final int MARGIN = 20;

  private ConfigLaws() {}

  /** A server's configuration, read by the server's own code. */
  static ServingConfig server(Rendering rendering, Pods pods) {
    return ConfigFile.read(
        file("outcrop.yaml", rendering.configFile(pods, "config", "outcrop.yaml")));
  }

  static Path file(String name, String text) {
    try {
      Path folder = Files.createTempDirectory("config");
      folder.toFile().deleteOnExit(); // what is registered last is deleted first
      Path file = folder.resolve(name);
      Files.writeString(file, Objects.requireNonNull(text, name));
      file.toFile().deleteOnExit();
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The server reads its file, listens where the pod says, and every path in it is mounted. */
  static List<String> server(Rendering rendering) {
    List<String> found = new ArrayList<>();
    for (Pods pods : rendering.models()) {
      ServingConfig config;
      try {
        config = server(rendering, pods);
      } catch (RuntimeException e) {
        found.add(pods.owner() + ": the server refuses its file: " + e.getMessage());
        continue;
      }
      Container container = pods.container();
      if (config.http().port() != port(container, "http")
          || config.management().port() != port(container, "management")) {
        found.add(pods.owner() + " listens on other ports than it says");
      }
      if (!config.http().host().equals("0.0.0.0")
          || !config.management().host().equals("0.0.0.0")) {
        found.add(pods.owner() + " listens where nobody reaches it");
      }
      Stream.of(
              config.auth().keyFile(),
              config.auth().policyFile(),
              config.management().adminKeyFile(),
              config.http().tls() == null ? null : config.http().tls().certificateFile(),
              config.models().getFirst().path())
          .filter(Objects::nonNull)
          .filter(path -> !mounted(container, path))
          .forEach(path -> found.add(pods.owner() + " has nothing mounted for " + path));
    }
    return found;
  }

  static boolean mounted(Container container, Path path) {
    return container.getVolumeMounts().stream()
        .map(VolumeMount::getMountPath)
        .anyMatch(mount -> path.startsWith(Path.of(mount)));
  }

  static int port(Container container, String name) {
    return container.getPorts().stream()
        .filter(port -> port.getName().equals(name))
        .findFirst()
        .map(ContainerPort::getContainerPort)
        .orElse(0);
  }

  /** Kubernetes waits for as long as the server's own configuration lets it drain. */
  static List<String> grace(Rendering rendering) {
    List<String> found = new ArrayList<>();
    for (Pods pods : rendering.models()) {
      ServingConfig config;
      try {
        config = server(rendering, pods);
      } catch (RuntimeException e) {
        continue; // server() tells
      }
      long needed = config.drainDelay().plus(config.drainTimeout()).toSeconds() + MARGIN;
      Long grace = pods.template().getSpec().getTerminationGracePeriodSeconds();
      if (grace == null || grace < needed) {
        found.add(pods.owner() + " is killed after " + grace + " s and drains for " + needed);
      }
      if (pods.container().getLifecycle() != null) {
        found.add(pods.owner() + " has a hook beside the server's own drain");
      }
    }
    return found;
  }

  /** Signals' configuration, read by its own code. */
  static SignalsConfig signalsConfig(Rendering rendering) {
    return SignalsFile.read(
        file("signals.yaml", rendering.configFile(rendering.signals(), "config", "signals.yaml")),
        Map.of("POD_NAMESPACE", rendering.namespace(), "POD_NAME", "signals-0"));
  }

  /**
   * Signals reads its file, and every workload, selector and port in it is one of the rendering.
   */
  static List<String> signals(Rendering rendering) {
    List<String> found = new ArrayList<>();
    for (Pods signals : rendering.component("signals")) {
      SignalsConfig config;
      try {
        config = signalsConfig(rendering);
      } catch (RuntimeException e) {
        found.add("signals refuses its file: " + e.getMessage());
        continue;
      }
      Container container = signals.container();
      if (!config.namespace().equals(rendering.namespace())
          || config.management().port() != port(container, "management")) {
        found.add("signals looks or listens elsewhere");
      }
      if ((config.scaler().enabled() && config.scaler().port() != port(container, "grpc"))
          || (config.externalMetrics().enabled()
              && config.externalMetrics().port() != port(container, "https"))) {
        found.add("signals' fronts listen elsewhere");
      }
      Stream.of(
              config.scaler().certificateFile(),
              config.scaler().keyFile(),
              config.scaler().clientCaFile(),
              config.externalMetrics().certificateFile(),
              config.externalMetrics().keyFile())
          .filter(Objects::nonNull)
          .filter(path -> !mounted(container, path))
          .forEach(path -> found.add("signals has nothing mounted for " + path));
      if (config.models().size() != rendering.models().size()) {
        found.add("signals watches " + config.models().size() + " models");
      }
      config.models().forEach(model -> found.addAll(watched(rendering, model)));
    }
    return found;
  }

  private static List<String> watched(Rendering rendering, ModelConfig model) {
    List<String> found = new ArrayList<>();
    Set<String> pods =
        SelectorLaws.found(rendering, new SelectorLaws.Selector("signals", model.selector()));
    if (!pods.equals(Set.of("Deployment/" + model.workload()))) {
      found.add("signals finds the pods of " + pods + " for " + model.workload());
      return found;
    }
    Pods meant =
        rendering.models().stream()
            .filter(each -> pods.contains(each.owner()))
            .findFirst()
            .orElseThrow();
    if (model.managementPort() != port(meant.container(), "management")
        || !rendering
            .configFile(meant, "config", "outcrop.yaml")
            .contains("id: " + model.id() + "\n")) {
      found.add("signals asks " + model.workload() + " at another port or for another model");
    }
    return found;
  }
}
