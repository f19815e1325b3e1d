package dev.outcrop.models.testing;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The stages of a {@link FakeEngine}: which steps are in flight and when each is over. A step takes
 * the same time in every stage, a stage runs one step at a time.
 */
final class FakeStages {
  private final @Nullable LongSupplier nanoClock;
  private final long[] free; // when each stage is
  private final ArrayDeque<Step> inFlight = new ArrayDeque<>();
  private int failed;
  private long number;

  private FakeStages(int count, @Nullable LongSupplier nanoClock) {
    this.free = new long[count];
    this.nanoClock = nanoClock;
  }

  /** One, for which no clock is needed. */
  static FakeStages one() {
    return new FakeStages(1, null);
  }

  /** Several. */
  static FakeStages of(int count, LongSupplier nanoClock) {
    FakeStages stages = new FakeStages(count, nanoClock);
    Arrays.fill(stages.free, nanoClock.getAsLong());
    return stages;
  }

  /**
   * A step in flight.
   *
   * @param number tells it from others
   * @param fails whether it fails itself
   * @param usable whether its result means anything
   * @param end when it is over, on the clock; how long it takes where there is none
   */
  record Step(long number, boolean fails, boolean usable, long end) {}

  /** How many there are. */
  int count() {
    return free.length;
  }

  /** Whether another step may be submitted. */
  boolean hasRoom() {
    return inFlight.size() < free.length;
  }

  /** Whether none is in flight. */
  boolean isEmpty() {
    return inFlight.isEmpty();
  }

  /** Whether a step would be behind one that failed. */
  boolean behindFailed() {
    return failed > 0;
  }

  /** A step of so long in all is submitted. */
  Step submit(boolean fails, long nanos) {
    long end = nanoClock == null ? nanos : nanoClock.getAsLong();
    for (int stage = 0; stage < free.length && nanoClock != null; stage++) {
      end = later(end, free[stage]) + nanos / free.length;
      free[stage] = end;
    }
    Step step = new Step(number++, fails, !fails && failed == 0, end);
    failed += fails ? 1 : 0;
    inFlight.add(step);
    return step;
  }

  /** Of two times on a clock that may run over. */
  private static long later(long one, long other) {
    return one - other > 0 ? one : other;
  }

  /** Nanoseconds until a step is over. */
  long left(Step step) {
    return nanoClock == null ? step.end : Math.max(0, step.end - nanoClock.getAsLong());
  }

  /** Whether this is the step that was submitted first of those in flight; then it is no more. */
  boolean end(Step step) {
    if (!step.equals(inFlight.peek())) {
      return false;
    }
    inFlight.remove();
    failed -= step.fails ? 1 : 0;
    return true;
  }
}
