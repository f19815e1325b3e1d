package dev.outcrop.k8s.watch;

import dev.outcrop.k8s.PodSignals;
import dev.outcrop.k8s.config.ModelConfig;
import dev.outcrop.k8s.policy.WorkloadReading;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * One model's pods at one moment.
 *
 * @param model the model
 * @param at when they were read
 * @param replicas how many its workload is told to have
 * @param pods all of them
 */
record ModelView(ModelConfig model, Instant at, int replicas, List<SeenPod> pods) {
  ModelView {
    pods = List.copyOf(pods);
  }

  /** A pod, and what came of asking it. */
  sealed interface SeenPod {
    /** What Kubernetes says of it. */
    PodFacts facts();

    /** It answered. */
    record Answering(PodFacts facts, PodSignals signals) implements SeenPod {}

    /**
     * It should have answered.
     *
     * @param facts what Kubernetes says of it
     * @param why what went wrong
     */
    record Silent(PodFacts facts, String why) implements SeenPod {}

    /** It is not ready and was not asked. */
    record Coming(PodFacts facts) implements SeenPod {}

    /** It is being deleted and was not asked. */
    record Leaving(PodFacts facts) implements SeenPod {}
  }

  /** As the policy takes it. */
  WorkloadReading reading() {
    return new WorkloadReading(
        model.id(),
        at,
        replicas,
        pods.stream().map(ModelView::pod).flatMap(Optional::stream).toList());
  }

  private static Optional<WorkloadReading.Pod> pod(SeenPod pod) {
    PodFacts facts = pod.facts();
    return switch (pod) {
      case SeenPod.Answering answering ->
          Optional.of(
              new WorkloadReading.Pod.Answering(facts.name(), facts.since(), answering.signals()));
      case SeenPod.Silent _ -> Optional.of(new WorkloadReading.Pod.Silent(facts.name()));
      case SeenPod.Coming _ ->
          Optional.of(new WorkloadReading.Pod.Pending(facts.name(), facts.since()));
      case SeenPod.Leaving _ -> Optional.empty();
    };
  }

  /** Pods that are in the Service; one that does not answer us may well answer clients. */
  int live() {
    return Math.toIntExact(
        pods.stream().filter(pod -> pod.facts().phase() == PodFacts.Phase.READY).count());
  }
}
