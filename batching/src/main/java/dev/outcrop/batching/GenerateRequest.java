package dev.outcrop.batching;

import dev.outcrop.models.engine.Sampling;

/**
 * A request for tokens, in integers.
 *
 * @param prompt the prompt's token ids, at least one; not changed by anybody after submit
 * @param maxTokens the most tokens to generate, at least 1, or {@link #AS_MANY_AS_FIT}
 * @param sampling how to choose each token
 * @param stopTokens ids that end the generation; the id itself is not published
 * @param tenant whose request this is
 * @param weight the tenant's share, at least 1
 */
public record GenerateRequest(
    int[] prompt, int maxTokens, Sampling sampling, int[] stopTokens, String tenant, int weight) {
  /** The caller named no limit; it is clamped to what fits. */
  public static final int AS_MANY_AS_FIT = 0;

  /** Checks the fields. */
  public GenerateRequest {
    if (prompt.length == 0 || maxTokens < 0 || weight < 1) {
      throw new IllegalArgumentException(
          "a request needs a prompt, maxTokens >= 0 and a weight >= 1");
    }
  }

  /** Counts only: token ids are user content. */
  @Override
  public String toString() {
    return "GenerateRequest[prompt=%d tokens, maxTokens=%d, tenant=%s]"
        .formatted(prompt.length, maxTokens, tenant);
  }
}
