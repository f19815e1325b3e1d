package dev.outcrop.k8s.simulation;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What a HorizontalPodAutoscaler makes of an external metric with a target of AverageValue: the sum
 * over the target, rounded up, unless it is within a tenth of what is there; twice or four more
 * within 15 seconds at most; no fewer than it concluded within the stabilisation.
 */
final class Autoscaler {
  static final double SYNC = 15;
  private static final double TOLERANCE = 0.1;
  private static final int MOST_MORE = 4;

  private final int min;
  private final int max;
  private final double stabilization;
  private final Deque<Conclusion> conclusions = new ArrayDeque<>();

  Autoscaler(int min, int max, double stabilization) {
    this.min = min;
    this.max = max;
    this.stabilization = stabilization;
  }

  private record Conclusion(double at, int replicas) {}

  /**
   * Concludes.
   *
   * @param now seconds since the beginning
   * @param replicas how many there are
   * @param metric the metric over its target
   */
  int sync(double now, int replicas, double metric) {
    boolean near = Math.abs(metric / Math.max(1, replicas) - 1) <= TOLERANCE;
    int concluded = near ? replicas : (int) Math.ceil(metric);
    conclusions.add(new Conclusion(now, concluded));
    while (conclusions.getFirst().at < now - stabilization) {
      conclusions.removeFirst();
    }
    int kept = concluded;
    if (concluded < replicas) {
      for (Conclusion conclusion : conclusions) {
        kept = Math.max(kept, Math.min(replicas, conclusion.replicas));
      }
    }
    int most = Math.max(2 * replicas, replicas + MOST_MORE);
    return Math.clamp(Math.min(kept, most), min, max);
  }
}
