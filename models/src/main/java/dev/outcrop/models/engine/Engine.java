package dev.outcrop.models.engine;

/**
 * Runs one forward pass over a mixed batch. One engine owns one model's weights and KV arena on one
 * device.
 *
 * <p>Everything but construction happens on one thread, the engine thread. A submitted plan must
 * not change until its result was awaited.
 */
public interface Engine extends AutoCloseable {

  /** What the KV arena holds; constant. */
  KvGeometry geometry();

  /**
   * Which form the positions of a sequence take that may come to so many tokens, prompt and
   * completion together. Fixed when the sequence is admitted and said with each of its rows ({@link
   * StepPlan#ropeForm(int)}); KV is shared between sequences of the same form only. A pure function
   * for any thread; 0 for all lengths where a model has one form.
   */
  default int ropeForm(@SuppressWarnings("unused") int tokens) {
    return 0;
  }

  /** Starts a step. At most one step is in flight. */
  Pending submit(StepPlan plan);

  /** Frees device memory. No step is in flight. */
  @Override
  void close();

  /** A step in flight. */
  interface Pending {
    /** Blocks until the step is done; never throws for a failed step. */
    StepResult await();
  }
}
