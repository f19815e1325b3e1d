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
