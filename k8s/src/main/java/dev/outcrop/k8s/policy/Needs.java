package dev.outcrop.k8s.policy;

/**
 * How many replicas each figure of a reading asks for, before bounds and steps.
 *
 * @param queue for the prompt tokens that wait to be run within the budget for a first token
 * @param flow for the prompt tokens that arrive, so that they take no more than their share of time
 * @param kv for the KV that requests hold to be no more than its share
 * @param running for no replica to have more running requests than its knee
 * @param correction what all of them are multiplied with, above 1 while targets are missed
 */
public record Needs(double queue, double flow, double kv, double running, double correction) {
  /** Where nothing is known. */
  public static final Needs NONE = new Needs(0, 0, 0, 0, 1);

  /** What sums of floating point numbers may be off by. */
  private static final double EPSILON = 1e-9;

  /** Which figure asks for the most. */
  public enum Figure {
    /** None asks for any. */
    NONE,
    /** Prompt tokens that wait. */
    QUEUE,
    /** Prompt tokens that arrive. */
    FLOW,
    /** KV in use. */
    KV,
    /** Running requests. */
    RUNNING
  }

  /** The most that a figure asks for, corrected. */
  public double most() {
    return correction * Math.max(Math.max(queue, flow), Math.max(kv, running));
  }

  /** The same in whole replicas. */
  public int replicas() {
    return (int) Math.min(Integer.MAX_VALUE, Math.ceil(most() - EPSILON));
  }

  /** The figure that asks for the most; of equal ones the first. */
  public Figure figure() {
    double most = Math.max(Math.max(queue, flow), Math.max(kv, running));
    if (most <= 0) {
      return Figure.NONE;
    }
    if (queue == most) {
      return Figure.QUEUE;
    }
    if (flow == most) {
      return Figure.FLOW;
    }
    return kv == most ? Figure.KV : Figure.RUNNING;
  }
}
