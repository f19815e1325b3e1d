package dev.outcrop.models.engine;

import org.jspecify.annotations.Nullable;

/**
 * How the next token of a row is chosen. Batching carries it unopened.
 *
 * <p>A draw is a function of (seed, position) and the row's logits alone, never of what else is in
 * the batch.
 *
 * @param temperature 0 for greedy, else the divisor of the logits
 * @param topK keep the k most likely tokens, 0 for all
 * @param topP keep the smallest set of most likely tokens whose mass reaches p, 1 for all
 * @param minP drop tokens less likely than minP times the most likely, 0 for none
 * @param repetitionPenalty divides (or multiplies, when negative) logits of tokens seen in prompt
 *     or completion, 1 for none
 * @param presencePenalty subtracted once from tokens seen in the completion, 0 for none
 * @param frequencyPenalty subtracted per occurrence in the completion, 0 for none
 * @param seed the seed of the row's draws
 * @param logprobs how many most likely alternatives to report with each token; -1 for no log
 *     probabilities at all, 0 for the chosen token's alone; they are those of all tokens, whatever
 *     the constraint leaves
 * @param constraint what tokens may come, for this one sequence; null for all
 */
public record Sampling(
    double temperature,
    int topK,
    double topP,
    double minP,
    double repetitionPenalty,
    double presencePenalty,
    double frequencyPenalty,
    long seed,
    int logprobs,
    @Nullable TokenConstraint constraint) {

  private static final double LEAST_TEMPERATURE = 1e-5;

  /** The most alternatives that can be asked for. */
  public static final int MAX_LOGPROBS = 20;

  /** Always the most likely token. */
  public static final Sampling GREEDY = new Sampling(0, 0, 1, 0, 1, 0, 0, 0, -1);

  /** Checks the ranges; a codec has to refuse bad values before with a message of its own. */
  public Sampling {
    require(temperature >= 0 && temperature <= 100, "temperature");
    require(topK >= 0, "topK");
    require(topP > 0 && topP <= 1, "topP");
    require(minP >= 0 && minP <= 1, "minP");
    require(repetitionPenalty > 0 && repetitionPenalty <= 100, "repetitionPenalty");
    require(Math.abs(presencePenalty) <= 100, "presencePenalty");
    require(Math.abs(frequencyPenalty) <= 100, "frequencyPenalty");
    require(logprobs >= -1 && logprobs <= MAX_LOGPROBS, "logprobs");
  }

  /** A choice among all tokens. */
  public Sampling(
      double temperature,
      int topK,
      double topP,
      double minP,
      double repetitionPenalty,
      double presencePenalty,
      double frequencyPenalty,
      long seed,
      int logprobs) {
    this(
        temperature,
        topK,
        topP,
        minP,
        repetitionPenalty,
        presencePenalty,
        frequencyPenalty,
        seed,
        logprobs,
        null);
  }

  /** The same among the tokens that a constraint leaves. */
  public Sampling constrained(TokenConstraint by) {
    return new Sampling(
        temperature,
        topK,
        topP,
        minP,
        repetitionPenalty,
        presencePenalty,
        frequencyPenalty,
        seed,
        logprobs,
        by);
  }

  /** Whether no draw is needed: below this temperature the most likely token is certain. */
  public boolean greedy() {
    return temperature < LEAST_TEMPERATURE;
  }

  /** Whether the row's token history changes its logits. */
  public boolean penalised() {
    return repetitionPenalty != 1 || presencePenalty != 0 || frequencyPenalty != 0;
  }

  private static void require(boolean ok, String field) {
    if (!ok) {
      throw new IllegalArgumentException("sampling." + field + " is out of range");
    }
  }
}
