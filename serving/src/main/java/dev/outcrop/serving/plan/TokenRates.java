package dev.outcrop.serving.plan;

/**
 * Tokens a second.
 *
 * @param input of prompts, cached ones among them
 * @param cached of prompts whose KV was there already
 * @param output of answers
 */
public record TokenRates(double input, double cached, double output) {
  /** Checks the numbers. */
  public TokenRates {
    if (!(input >= 0 && cached >= 0 && output >= 0 && cached <= input)) {
      throw new IllegalArgumentException("rates are not negative, and cached is part of input");
    }
  }

  /** In and out. */
  public double all() {
    return input + output;
  }

  /** The same at another load. */
  public TokenRates times(double factor) {
    return new TokenRates(input * factor, cached * factor, output * factor);
  }
}
