package dev.outcrop.k8s.watch;

import dev.outcrop.k8s.config.ModelConfig;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Knows the pods of models. */
interface PodDirectory {
  /** A model's pods by name, or nothing while they are not known yet. */
  Optional<List<PodFacts>> pods(ModelConfig model);

  /** Pods that have not ended, by name. */
  static List<PodFacts> facts(Collection<Pod> pods) {
    return pods.stream()
        .map(PodFacts::of)
        .flatMap(Optional::stream)
        .sorted(Comparator.comparing(PodFacts::name))
        .toList();
  }
}
