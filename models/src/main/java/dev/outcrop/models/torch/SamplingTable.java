package dev.outcrop.models.torch;

import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.TokenConstraint;
import java.util.Arrays;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which rows of a plan take a token and how, in the form that sampling.torchscript reads. Reused
 * from step to step by the engine thread.
 */
final class SamplingTable {
  private static final Logger log = LoggerFactory.getLogger(SamplingTable.class);
  private static final int NUMBERS = 7;
  private static final int COUNTS = 5;

  /** What a row gets whose constraint fails: no token at all, which ends it. */
  private static final TokenConstraint.Mask NOTHING = new TokenConstraint.Mask(true, new int[0], 0);

  private int[] rows = new int[8];
  private int[] results = new int[8];
  private int size;
  private boolean plain;
  private double[] numbers = new double[NUMBERS * 8];
  private long[] counts = new long[COUNTS * 8];
  private long[] history = new long[256];
  private int historySize;
  private final MaskTable masks;

  /**
   * Creates an empty table.
   *
   * @param vocabulary tokens that the model has a logit for
   */
  SamplingTable(int vocabulary) {
    masks = new MaskTable(vocabulary);
  }

  /** Takes in a plan. */
  void fill(StepPlan plan) {
    size = 0;
    historySize = 0;
    plain = true;
    masks.clear();
    if (rows.length < plan.results()) {
      rows = new int[plan.results() * 2];
      results = new int[rows.length];
      numbers = new double[NUMBERS * rows.length];
      counts = new long[COUNTS * rows.length];
    }
    for (int row = 0; row < plan.rows(); row++) {
      Sampling how = plan.sampling(row);
      if (how != null) {
        add(plan, row, how);
      }
    }
  }

  /** A row takes a token after each of its drafts and after what is before them. */
  private void add(StepPlan plan, int row, Sampling how) {
    plain &= how.greedy() && !how.penalised() && how.logprobs() < 0;
    int seen = historySize;
    if (how.penalised()) {
      append(plan.history(row), plan.historyLength(row));
    }
    int drafts = plan.drafts(row);
    boolean possible = true;
    for (int i = 0; i <= drafts; i++) {
      add(plan, row, how, seen, drafts - i);
      TokenConstraint constraint = how.constraint();
      if (constraint != null) {
        int length = plan.historyLength(row) - drafts + i;
        var mask = possible ? mask(constraint, plan, row, length) : NOTHING;
        masks.add(size, mask);
        // Behind a draft that cannot come nothing counts, and the constraint must not see it.
        possible &= i < drafts && mask.holds(plan.history(row)[length]);
      }
      rows[size] = row;
      results[size] = plan.firstResult(row) + i;
      size++;
    }
  }

  /** One token: the last so many tokens of the row are not seen by it. */
  private void add(StepPlan plan, int row, Sampling how, int seen, int unseen) {
    int at = NUMBERS * size;
    numbers[at] = how.temperature();
    numbers[at + 1] = how.topP();
    numbers[at + 2] = how.minP();
    numbers[at + 3] = how.repetitionPenalty();
    numbers[at + 4] = how.presencePenalty();
    numbers[at + 5] = how.frequencyPenalty();
    int position = plan.position(row) + plan.tokens(row) - unseen;
    numbers[at + 6] = how.greedy() ? 0 : Draws.uniform(how.seed(), position);
    at = COUNTS * size;
    counts[at] = how.topK();
    counts[at + 1] = how.logprobs();
    counts[at + 2] = seen;
    counts[at + 3] = how.penalised() ? seen + (long) plan.historyPrompt(row) : seen;
    counts[at + 4] = how.penalised() ? seen + (long) plan.historyLength(row) - unseen : seen;
  }

  private static TokenConstraint.Mask mask(
      TokenConstraint constraint, StepPlan plan, int row, int length) {
    try {
      return constraint.mask(plan.history(row), plan.historyPrompt(row), length);
    } catch (RuntimeException | StackOverflowError e) {
      log.error("a constraint failed; its sequence ends", e);
      return NOTHING;
    }
  }

  private void append(int[] tokens, int count) {
    if (historySize + count > history.length) {
      history = Arrays.copyOf(history, Math.max(historySize + count, 2 * history.length));
    }
    for (int i = 0; i < count; i++) {
      history[historySize + i] = tokens[i];
    }
    historySize += count;
  }

  /** How many tokens are taken. */
  int size() {
    return size;
  }

  /** Whether every row takes its most likely token and asks for nothing else. */
  boolean plain() {
    return plain;
  }

  /** Which rows may only take some tokens. */
  MaskTable masks() {
    return masks;
  }

  /** The plan's row that takes the i-th token. */
  int row(int i) {
    return rows[i];
  }

  /** The plan's result that the i-th token is. */
  int result(int i) {
    return results[i];
  }

  double[] numbers() {
    return Arrays.copyOf(numbers, NUMBERS * size);
  }

  long[] counts() {
    return Arrays.copyOf(counts, COUNTS * size);
  }

  long[] history() {
    return Arrays.copyOf(history, historySize);
  }
}
