package dev.outcrop.batching.loop;

import dev.outcrop.models.OutcropException;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import java.util.Arrays;
import java.util.function.Function;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Finds the rows that make a step fail: runs the rows of a failed step one by one, which is safe
 * because writing the same KV twice leaves the same KV. Drafts are left out. Rare, so it may
 * allocate.
 */
final class Isolation {
  private static final int[] NO_IDS = {};
  private static final float[] NO_LOGPROBS = {};

  private final Function<StepPlan, StepResult> engine;
  private final IntPredicate wanted;

  /**
   * Runs nothing yet.
   *
   * @param wanted whether anybody wants what comes of a row of the step
   */
  Isolation(Function<StepPlan, StepResult> engine, IntPredicate wanted) {
    this.engine = engine;
    this.wanted = wanted;
  }

  /**
   * What came of the rows, by result of the plan; a row with an error has the token {@link
   * StepResult#ROW_FAILED}, a draft has {@link StepResult#NO_TOKEN} behind it.
   */
  record Rerun(StepResult.Sampled result, @Nullable OutcropException[] errors) {}

  /**
   * Runs each row of the plan alone; a plan of one row has failed alone already.
   *
   * @param stepError why the step failed; null where one ahead of it did, so that nothing is known
   * @throws OutcropException when the engine turns out to be dead
   */
  Rerun rerun(StepPlan plan, @Nullable OutcropException stepError) {
    int rows = plan.rows();
    int results = plan.results();
    int[] tokens = new int[results];
    float[] logprobs = new float[results];
    int[][] topTokens = new int[results][];
    float[][] topLogprobs = new float[results][];
    @Nullable OutcropException[] errors = new OutcropException[results];
    Arrays.fill(tokens, StepResult.NO_TOKEN);
    Arrays.fill(logprobs, Float.NaN);
    Arrays.fill(topTokens, NO_IDS);
    Arrays.fill(topLogprobs, NO_LOGPROBS);
    var result = new StepResult.Sampled(tokens, logprobs, topTokens, topLogprobs);
    if (rows == 1 && plan.drafts() == 0 && stepError != null) {
      tokens[0] = StepResult.ROW_FAILED;
      errors[0] = stepError;
      return new Rerun(result, errors);
    }
    StepPlan alone = new StepPlan();
    for (int row = 0; row < rows; row++) {
      if (!wanted.test(row)) { // its KV may not be what it should be
        continue;
      }
      copyRow(plan, row, alone);
      int first = plan.firstResult(row);
      switch (engine.apply(alone)) {
        case StepResult.Sampled one -> {
          tokens[first] = one.tokens()[0];
          logprobs[first] = one.logprobs()[0];
          topTokens[first] = one.topTokens()[0];
          topLogprobs[first] = one.topLogprobs()[0];
        }
        case StepResult.Failed(var error) -> {
          StepRuns.throwIfDead(error);
          tokens[first] = StepResult.ROW_FAILED;
          errors[first] = error;
        }
      }
    }
    return new Rerun(result, errors);
  }

  private static void copyRow(StepPlan plan, int row, StepPlan alone) {
    alone.clear();
    alone.row(plan.position(row));
    alone.form(plan.ropeForm(row));
    int[] ids = new int[plan.tokens(row) - plan.drafts(row)];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = plan.tokenId(row, i);
    }
    alone.tokens(ids, 0, ids.length);
    int left = plan.position(row) + ids.length;
    for (int i = 0; i < plan.segments(row) && left > 0; i++) {
      int length = Math.min(left, plan.segmentLength(row, i));
      alone.segment(plan.segmentSlot(row, i), length);
      left -= length;
    }
    alone.shape(plan.shapeRows(), plan.shapeTokens(), plan.shapeContext());
    var sampling = plan.sampling(row);
    if (sampling != null) {
      int seen = plan.historyLength(row) - plan.drafts(row);
      alone.sample(sampling, plan.history(row), plan.historyPrompt(row), seen);
    }
  }
}
