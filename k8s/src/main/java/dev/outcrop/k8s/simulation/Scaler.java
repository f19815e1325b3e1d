package dev.outcrop.k8s.simulation;

import java.util.List;

/** Something that a HorizontalPodAutoscaler asks for a metric with a target average of one. */
interface Scaler {
  /**
   * Reads the replicas, every poll.
   *
   * @param now seconds since the beginning
   * @param replicas how many the workload is told to have
   * @param pods all of them that do not leave
   * @return the metric over its target
   */
  double poll(double now, int replicas, List<Replica> pods);

  /** For how many seconds the autoscaler itself keeps the highest of its conclusions. */
  double stabilization();
}
