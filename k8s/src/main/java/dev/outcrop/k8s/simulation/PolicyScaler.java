package dev.outcrop.k8s.simulation;

import dev.outcrop.k8s.policy.PolicySettings;
import dev.outcrop.k8s.policy.PolicyState;
import dev.outcrop.k8s.policy.ReplicaPolicy;
import dev.outcrop.k8s.policy.WorkloadReading;
import dev.outcrop.k8s.policy.WorkloadReading.Pod;
import java.time.Instant;
import java.util.List;

/** The policy as the daemon runs it. It has its own window, so the autoscaler has none. */
final class PolicyScaler implements Scaler {
  private final ReplicaPolicy policy;
  private PolicyState state = PolicyState.START;

  PolicyScaler(PolicySettings settings) {
    this.policy = new ReplicaPolicy(settings);
  }

  @Override
  public double poll(double now, int replicas, List<Replica> pods) {
    List<Pod> read = pods.stream().map(pod -> pod(now, pod)).toList();
    ReplicaPolicy.Step step =
        policy.step(state, new WorkloadReading("model", instant(now), replicas, read));
    state = step.state();
    return step.decision().scaling().desiredReplicas();
  }

  private static Pod pod(double now, Replica pod) {
    return pod.ready(now)
        ? new Pod.Answering(pod.name(), instant(pod.readyAt()), pod.signals(now))
        : new Pod.Pending(pod.name(), instant(pod.created()));
  }

  private static Instant instant(double seconds) {
    return Instant.EPOCH.plusNanos(Math.round(seconds * 1e9));
  }

  @Override
  public double stabilization() {
    return 0;
  }
}
