package dev.outcrop.models.engine;

import dev.outcrop.models.OutcropException;

/** What came of a step. */
public sealed interface StepResult {
  /** The row asked for no token. */
  int NO_TOKEN = -1;

  /** The row's logits were not finite; its sequence has to end with an error, the others go on. */
  int ROW_FAILED = -2;

  /**
   * The step ran.
   *
   * @param tokens the chosen token per row of the plan, {@link #NO_TOKEN} or {@link #ROW_FAILED}
   * @param logprobs the chosen token's log probability per row; NaN where not asked for
   * @param topTokens per row the ids of the most likely alternatives, most likely first; empty
   *     where not asked for
   * @param topLogprobs per row the log probabilities of those
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
