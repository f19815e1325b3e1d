package dev.outcrop.k8s.policy;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the policy remembers of one workload from reading to reading. All but the learned figures
 * follows from the readings of one window, so that a replica of signals that joins late concludes
 * the same after it; while targets are missed, after the pods that were added for it are as old.
 *
 * @param since when it began to read without a gap; empty at first
 * @param samples what it keeps of readings, oldest first
 * @param counts what each pod had counted when it last answered
 * @param learned what pods learned, kept for when none of them knows
 * @param burning readings in a row with a burn above 1
 * @param corrects whether missed targets add replicas
 */
public record PolicyState(
    Optional<Instant> since,
    List<Sample> samples,
    Map<String, Count> counts,
    Learned learned,
    int burning,
    boolean corrects) {
  /** No memory. */
  public static final PolicyState START =
      new PolicyState(Optional.empty(), List.of(), Map.of(), Learned.NOTHING, 0, false);

  /** Copies the collections. */
  public PolicyState {
    samples = List.copyOf(samples);
    counts = Map.copyOf(counts);
  }

  /**
   * One reading.
   *
   * @param at when
   * @param needed replicas that were needed
   * @param replicas replicas that the workload was told to have
   * @param missing how many of them had no pod
   * @param up pods that took requests
   * @param arrived prompt tokens that arrived since the reading before
   * @param seconds how long ago that was, 0 where there is none
   */
  public record Sample(
      Instant at, int needed, int replicas, int missing, int up, double arrived, double seconds) {}

  /**
   * A pod's count of prompt tokens.
   *
   * @param at when it was read
   * @param run tokens run
   * @param queued tokens still to run
   */
  public record Count(Instant at, long run, long queued) {}

  /**
   * What pods learn.
   *
   * @param prefillTokensPerSecond mean of their rates; 0 where not known
   * @param knee mean of their knees; 0 where not known
   */
  public record Learned(double prefillTokensPerSecond, double knee) {
    /** Nothing yet. */
    public static final Learned NOTHING = new Learned(0, 0);
  }
}
