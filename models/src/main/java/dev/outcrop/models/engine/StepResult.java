package dev.outcrop.models.engine;

import dev.outcrop.models.OutcropException;

/** What came of a step. */
public sealed interface StepResult {
  /** The row asked for no token. */
  int NO_TOKEN = -1;

  /**
   * The logits were not finite; the sequence has to end with an error where it comes to this token,
   * the others go on.
   */
  int ROW_FAILED = -2;

  /**
   * The step ran. What it brought is told per result of the plan: where the plan has no drafts, a
   * row's number is that of its result.
   *
   * @param tokens the chosen token, {@link #NO_TOKEN} or {@link #ROW_FAILED}
   * @param logprobs the chosen token's log probability; NaN where not asked for
   * @param topTokens the ids of the most likely alternatives, most likely first; empty where not
   *     asked for
   * @param topLogprobs the log probabilities of those
   */
  record Sampled(int[] tokens, float[] logprobs, int[][] topTokens, float[][] topLogprobs)
      implements StepResult {}

  /**
   * The step as a whole failed and no row got a token. KV slots of the step may or may not have
   * been written; running the same rows again is safe.
   *
   * @param error what happened; its code says whether the engine can go on ({@code STEP_FAILED}) or
   *     not ({@code ENGINE_DEAD})
   */
  record Failed(OutcropException error) implements StepResult {}
}
