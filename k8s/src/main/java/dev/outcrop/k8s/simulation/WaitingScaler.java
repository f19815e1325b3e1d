package dev.outcrop.k8s.simulation;

import java.util.List;

/**
 * The usual recipes: requests that wait, over a threshold for each replica; and beside them
 * requests that run, where the recipe has that.
 *
 * @param threshold requests that may wait for each replica
 * @param running requests that may run on each replica; 0 for any number
 */
record WaitingScaler(double threshold, double running) implements Scaler {
  private static final double STABILIZATION = 300;

  @Override
  public double poll(double now, int replicas, List<Replica> pods) {
    List<Replica> ready = pods.stream().filter(pod -> pod.ready(now)).toList();
    double waiting = ready.stream().mapToInt(Replica::waiting).sum() / threshold;
    return running == 0
        ? waiting
        : Math.max(waiting, ready.stream().mapToInt(Replica::running).sum() / running);
  }

  @Override
  public double stabilization() {
    return STABILIZATION;
  }
}
