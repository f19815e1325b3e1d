package dev.outcrop.batching.schedule;

import dev.outcrop.models.engine.StepPlan;

/**
 * What a step is made of: how many prompt tokens beside how many decodes. Learns from measured
 * steps. Part of a {@link Scheduler} and its thread.
 */
sealed interface StepMix permits StepBudget, FixedShapes {
  /**
   * Whether prompts go into the next step before decodes.
   *
   * @param decodes how many decodes there are
   * @param urgent whether a prompt of a tier above the default's has not run at all yet
   */
  boolean promptsFirst(int decodes, boolean urgent);

  /** The most prompt tokens for a step with so many decodes. */
  int promptTokens(int decodes);

  /** Whether decodes may bring drafts. */
  boolean drafts();

  /** The most sequences whose prompts run in one step. */
  int promptRows();

  /** Names the shape that a step is padded to, where there are any. */
  void shape(StepPlan plan, int decodes);

  /** A step was measured. */
  void measured(int decodes, int promptTokens, long nanos);

  /** What a step with so many decodes alone takes, in nanoseconds; 0 where not known. */
  double decodeNanos(int decodes);

  /** What a prompt token takes in the steps that run it, in nanoseconds; 0 where not known. */
  double prefillNanos();
}
