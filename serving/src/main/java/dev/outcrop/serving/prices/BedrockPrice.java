package dev.outcrop.serving.prices;

import org.jspecify.annotations.Nullable;

/**
 * What Bedrock charges on demand for a million tokens.
 *
 * @param id the model
 * @param input USD for a million input tokens
 * @param output USD for a million output tokens
 * @param cached USD for a million input tokens that were found in its cache; null where the table
 *     has no such price, and they are taken to cost what input does
 * @param source who said so
 * @param checked when the source last looked at it; null where it does not say
 */
public record BedrockPrice(
    String id,
    double input,
    double output,
    @Nullable Double cached,
    Source source,
    @Nullable String checked) {
  /** The price of a cached token. */
  public double cachedOrInput() {
    return cached == null ? input : cached;
  }

  /**
   * What a million tokens cost of which this share is input, and this share of the input cached.
   */
  public double blended(double inputShare, double cachedShare) {
    double in = input * (1 - cachedShare) + cachedOrInput() * cachedShare;
    return in * inputShare + output * (1 - inputShare);
  }
}
