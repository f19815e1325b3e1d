package dev.outcrop.batching.schedule;

/**
 * The steps that were planned and not applied yet, at most one for each stage of the engine. They
 * are applied in the order in which they were planned. Part of a {@link Scheduler} and its thread;
 * allocates nothing.
 */
final class StepsInFlight {
  private final StepRows[] steps;
  private int first;
  private int count;

  /**
   * None in flight.
   *
   * @param most steps in flight at most
   * @param rows rows of a step at most
   */
  StepsInFlight(int most, int rows, int unitTokens) {
    steps = new StepRows[most];
    for (int i = 0; i < most; i++) {
      steps[i] = new StepRows(rows, unitTokens);
    }
  }

  /** Steps that may be in flight. */
  int most() {
    return steps.length;
  }

  /** Steps that are. */
  int count() {
    return count;
  }

  /** The step to plan next; there is room for it. */
  StepRows next() {
    return step(count);
  }

  private StepRows step(int index) {
    return steps[(first + index) % steps.length];
  }

  /** The {@link #next} step has its rows and is in flight. */
  void depart() {
    if (steps.length > 1) {
      next().depart(promptTokens() > 0);
    }
    count++;
  }

  /** The step to be applied next; there is one. */
  StepRows oldest() {
    return steps[first];
  }

  /** The oldest step is no longer in flight. Answers it; it keeps its rows until another begins. */
  StepRows land() {
    StepRows oldest = steps[first];
    first = (first + 1) % steps.length;
    count--;
    return oldest;
  }

  /** Prompt tokens in flight. */
  int promptTokens() {
    int sum = 0;
    for (int i = 0; i < count; i++) {
      sum += step(i).promptTokens();
    }
    return sum;
  }

  /** Rows in flight that generate. */
  int decodeRows() {
    int sum = 0;
    for (int i = 0; i < count; i++) {
      sum += step(i).decodeRows();
    }
    return sum;
  }

  /** The most rows that generate in one step in flight. */
  int mostDecodeRows() {
    int most = 0;
    for (int i = 0; i < count; i++) {
      most = Math.max(most, step(i).decodeRows());
    }
    return most;
  }
}
