package dev.outcrop.k8s;

import java.time.Instant;

/**
 * What was concluded of one model's workload from its pods, at one moment.
 *
 * @param model the model's id, as clients and metrics name it
 * @param at when its pods were read
 * @param desiredReplicas how many replicas its work needs, within the configured bounds
 * @param active whether anything is queued or in flight, or a bound keeps replicas up; while it is,
 *     nothing may scale the workload to zero
 * @param totals what the pods said, in sum
 */
public record Scaling(
    String model, Instant at, int desiredReplicas, boolean active, Totals totals) {
  /**
   * Sums over the pods of one workload that answered.
   *
   * @param readyReplicas pods that take requests
   * @param pendingReplicas pods that are starting, loading or not scheduled yet
   * @param silentReplicas pods that should have answered and did not
   * @param waitingPromptTokens prompt tokens still to run
   * @param waiting requests that wait for KV
   * @param running requests that hold KV
   * @param kvUse sum over pods of the share of KV that requests hold, each 0 to 1
   * @param prefillTokensPerSecond sum of the learned rates; 0 where none is known yet
   */
  public record Totals(
      int readyReplicas,
      int pendingReplicas,
      int silentReplicas,
      long waitingPromptTokens,
      int waiting,
      int running,
      double kvUse,
      double prefillTokensPerSecond) {}
}
