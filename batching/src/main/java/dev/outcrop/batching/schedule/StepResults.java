package dev.outcrop.batching.schedule;

import dev.outcrop.batching.schedule.Sequence.Phase;
import dev.outcrop.batching.schedule.StepOutcome.End;
import dev.outcrop.models.engine.StepResult;

/**
 * What the tokens of a step mean for its sequences: which have come how far, which of their drafts
 * were right, and which end. Part of a {@link Scheduler} and its thread; allocates nothing.
 */
final class StepResults {
  private final Residents residents;
  private final FairQueue queue;
  private final SchedulerCounts counts;
  private final TokenBuffers buffers;
  private final Speculation speculation;

  StepResults(
      Residents residents,
      FairQueue queue,
      SchedulerCounts counts,
      TokenBuffers buffers,
      Speculation speculation) {
    this.residents = residents;
    this.queue = queue;
    this.counts = counts;
    this.buffers = buffers;
    this.speculation = speculation;
  }

  /**
   * Applies the tokens of all rows of a step, each with those of its drafts.
   *
   * @param others whether its sequences may be in other steps in flight
   */
  void apply(StepRows rows, boolean others, int[] tokens, StepOutcome outcome) {
    for (int row = 0; row < rows.count(); row++) {
      Sequence sequence = rows.sequence(row);
      if (!others || stays(rows, row, sequence, outcome)) {
        applyRow(rows, row, sequence, tokens, outcome);
      }
    }
  }

  /** A sequence that was cancelled or failed meanwhile goes with the last step that has it. */
  private boolean stays(StepRows rows, int row, Sequence sequence, StepOutcome outcome) {
    rows.land(row);
    End why = sequence.leaves;
    if (why == null) {
      return true;
    }
    if (sequence.stepsInFlight == 0) {
      residents.fail(sequence);
      if (why == End.CANCELLED) { // that it failed is known
        outcome.add(sequence, rows.firstResult(row), StepOutcome.NO_TOKEN, why);
      }
    }
    return false;
  }

  /** A step comes to nothing. */
  void drop(StepRows rows, boolean others) {
    for (int row = 0; row < rows.count() && others; row++) {
      rows.land(row);
    }
  }

  private void applyRow(
      StepRows rows, int row, Sequence sequence, int[] tokens, StepOutcome outcome) {
    int result = rows.firstResult(row);
    int drafts = sequence.drafted;
    int ran = rows.tokens(row) - drafts;
    boolean prefill = sequence.phase == Phase.PREFILLING;
    boolean caughtUp = sequence.behind() == ran;
    sequence.drafted = 0;
    if (tokens[result] == StepResult.ROW_FAILED || (caughtUp && tokens[result] < 0)) {
      fail(sequence, result, outcome);
      return;
    }
    sequence.advance(ran);
    if (prefill) {
      counts.ran(ran);
    }
    if (!caughtUp) {
      return;
    }
    if (prefill) {
      residents.decodes(sequence);
    }
    if (drafts == 0) {
      take(sequence, tokens[result], result, outcome);
    } else {
      takeDrafts(sequence, drafts, tokens, result, outcome);
    }
  }

  /** While a draft is what was chosen in its place, what was chosen after it counts, too. */
  private void takeDrafts(
      Sequence sequence, int drafts, int[] tokens, int first, StepOutcome outcome) {
    int accepted = 0;
    int result = first;
    boolean right = sequence.tokens[sequence.length] == tokens[first];
    boolean goesOn = take(sequence, tokens[first], result, outcome);
    while (right) {
      accepted++;
      result = first + accepted;
      if (!goesOn || tokens[result] == StepResult.NO_TOKEN) { // it was run again without drafts
        break;
      }
      if (tokens[result] < 0) {
        fail(sequence, result, outcome);
        break;
      }
      sequence.advance(1);
      right = accepted < drafts && sequence.tokens[sequence.length] == tokens[result];
      goesOn = take(sequence, tokens[result], result, outcome);
    }
    counts.tried(drafts, accepted);
    speculation.tried(sequence, drafts, accepted);
  }

  private void fail(Sequence sequence, int result, StepOutcome outcome) {
    if (sequence.stepsInFlight > 0) {
      sequence.leaves = End.FAILED;
    } else {
      residents.fail(sequence);
    }
    outcome.add(sequence, result, StepOutcome.NO_TOKEN, End.FAILED);
  }

  /** The sequence has its next token. Answers whether it goes on. */
  private boolean take(Sequence sequence, int token, int result, StepOutcome outcome) {
    sequence.append(token, buffers);
    counts.generated();
    queue.serve(sequence.flow, FairQueue.GENERATED_WEIGHT);
    if (sequence.stopsAt(token)) {
      residents.finish(sequence);
      outcome.add(sequence, result, StepOutcome.NO_TOKEN, End.STOP);
      return false;
    }
    if (sequence.completionTokens() == sequence.maxTokens) {
      residents.finish(sequence);
      outcome.add(sequence, result, token, End.LENGTH);
      return false;
    }
    residents.goesOn(sequence);
    outcome.add(sequence, result, token, null);
    return true;
  }
}
