package dev.outcrop.k8s.policy;

import dev.outcrop.k8s.PodSignals;
import java.time.Instant;
import java.util.List;

/**
 * One model's pods as they were at one moment. Pods that are being deleted are left out: they
 * finish what they have and take nothing more.
 *
 * @param model the model's id
 * @param at when the pods were read
 * @param replicas how many replicas the workload is told to have
 * @param pods its pods
 */
public record WorkloadReading(String model, Instant at, int replicas, List<Pod> pods) {
  /** Copies the list. */
  public WorkloadReading {
    if (replicas < 0) {
      throw new IllegalArgumentException("replicas must not be negative");
    }
    pods = List.copyOf(pods);
  }

  /** One pod. */
  public sealed interface Pod {
    /** Its name, unique among the workload's pods at all times. */
    String name();

    /**
     * It answered.
     *
     * @param name its name
     * @param since when it became ready
     * @param signals what it said
     */
    record Answering(String name, Instant since, PodSignals signals) implements Pod {}

    /**
     * It is not scheduled, starting or loading.
     *
     * @param name its name
     * @param since when it was created
     */
    record Pending(String name, Instant since) implements Pod {}

    /**
     * It is ready as far as Kubernetes knows, and did not answer.
     *
     * @param name its name
     */
    record Silent(String name) implements Pod {}
  }
}
