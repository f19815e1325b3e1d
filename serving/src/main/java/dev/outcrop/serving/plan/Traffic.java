package dev.outcrop.serving.plan;

/**
 * What a mean request is.
 *
 * @param inputTokens tokens of its prompt, cached ones among them
 * @param outputTokens tokens of its answer
 * @param cachedShare share of the prompt whose KV is there already
 */
public record Traffic(double inputTokens, double outputTokens, double cachedShare) {
  /** Checks the numbers. */
  public Traffic {
    if (!(inputTokens >= 1 && outputTokens >= 1 && cachedShare >= 0 && cachedShare < 1)) {
      throw new IllegalArgumentException(
          "a request has a token of each kind at least, and not all of its prompt is cached");
    }
  }

  /** Share of all tokens that are input. */
  public double inputShare() {
    return inputTokens / tokens();
  }

  /** Tokens in and out. */
  public double tokens() {
    return inputTokens + outputTokens;
  }

  /** Prompt tokens that are computed. */
  double computed() {
    return inputTokens * (1 - cachedShare);
  }

  /** As many tokens with another share of input. */
  public Traffic withInputShare(double share) {
    double input = Math.max(1, Math.min(tokens() - 1, tokens() * share));
    return new Traffic(input, tokens() - input, cachedShare);
  }
}
