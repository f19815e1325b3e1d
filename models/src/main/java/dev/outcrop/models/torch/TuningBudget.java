package dev.outcrop.models.torch;

import java.util.function.LongSupplier;

/**
 * The time that choosing kernels may take while one engine loads, whatever chooses and for however
 * many stages. Used by the thread that loads.
 */
final class TuningBudget {
  private static final long NANOS = 1_800_000_000L;

  private final LongSupplier nanoTime;
  private long spent;
  private long began;

  TuningBudget(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** Somebody begins to measure. Returns the nanoseconds of the clock at which it has to end. */
  long begin() {
    began = now();
    return began + Math.max(0, NANOS - spent);
  }

  /** Who began is done. */
  void end() {
    spent += now() - began;
  }

  long now() {
    return nanoTime.getAsLong();
  }

  /** What was spent, in nanoseconds. */
  long spent() {
    return spent;
  }
}
