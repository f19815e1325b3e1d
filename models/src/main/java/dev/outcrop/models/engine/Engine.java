package dev.outcrop.models.engine;

import org.jspecify.annotations.Nullable;

/**
 * Runs one forward pass over a mixed batch. One engine owns one model's weights and KV arena, on
 * one device or in stages on several.
 *
 * <p>Everything but construction happens on one thread, the engine thread. A submitted plan must
 * not change until its result was awaited, nor may the KV slots that it reads or writes be written
 * by another until then.
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

  /**
   * How many steps may be in flight: one for each of the stages that a model is split into, so that
   * one stage runs a step while the next one runs the step before; constant.
   */
  default int stages() {
    return 1;
  }

  /** The only shapes that it runs, {@link CompiledShapes#DEFAULT} where it runs any; constant. */
  default CompiledShapes shapes() {
    return CompiledShapes.DEFAULT;
  }

  /** What is known of it where it was compiled ahead of time, else null; constant. */
  default @Nullable CompiledFacts compiled() {
    return null;
  }

  /**
   * Starts a step. At most {@link #stages} steps are in flight. Each sees all KV that those before
   * it write, as if they ran one after the other, and they are awaited in the order in which they
   * were submitted. Where one fails, those that were submitted before its result was awaited may
   * have read what it did not write: their results are not to be used.
   */
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
