package dev.outcrop.models.grammar;

import java.util.function.LongSupplier;

/** What one compilation may use up: time and memory. For one thread. */
final class Budget {
  private static final int LOOK = 256;

  private final LongSupplier nanoTime;
  private final long end;
  private int left;
  private int untilLook = LOOK;
  private boolean late;

  /**
   * A budget that begins now.
   *
   * @param nanos time
   * @param states states of automata and rules, which take some hundred bytes each
   */
  Budget(LongSupplier nanoTime, long nanos, int states) {
    this.nanoTime = nanoTime;
    end = nanoTime.getAsLong() + nanos;
    left = states;
  }

  /** Whether nothing is left. */
  boolean isSpent() {
    return left < 0;
  }

  /** Whether time ran out: another run, or a faster machine, may come to something else. */
  boolean isLate() {
    return late;
  }

  /** A state, a rule or the like is made. */
  void made() {
    made(1);
  }

  /** Some are made. */
  void made(int count) {
    left -= count;
    if (left < 0) {
      throw Refusals.tooComplex();
    }
    worked(count);
  }

  /** Some work of about a microsecond at most each was done. */
  void worked(int count) {
    untilLook -= count;
    if (untilLook <= 0) {
      untilLook = LOOK;
      if (nanoTime.getAsLong() - end > 0) {
        left = -1;
        late = true;
        throw Refusals.tooComplex();
      }
    }
  }
}
