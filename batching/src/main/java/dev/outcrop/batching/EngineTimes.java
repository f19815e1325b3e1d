package dev.outcrop.batching;

import java.util.List;

/**
 * What the time of an engine went to since its batcher began. All of it is here, but for the step
 * that runs at the moment: used time and idle time add up to what passed on the clock.
 *
 * @param used time that tenants had
 * @param idleNanos nanoseconds in which nobody had anything to run
 */
public record EngineTimes(List<Used> used, long idleNanos) {
  /** Nothing is known. */
  public static final EngineTimes NONE = new EngineTimes(List.of(), 0);

  /** Copies the list. */
  public EngineTimes {
    used = List.copyOf(used);
  }

  /**
   * A tenant's time at one tier.
   *
   * @param promptNanos nanoseconds for prompts, recomputed ones included
   * @param completionNanos nanoseconds for what was generated
   */
  public record Used(String tenant, Tier tier, long promptNanos, long completionNanos) {}

  /** All of it in nanoseconds. */
  public long allNanos() {
    long sum = idleNanos;
    for (Used each : used) {
      sum += each.promptNanos + each.completionNanos;
    }
    return sum;
  }
}
