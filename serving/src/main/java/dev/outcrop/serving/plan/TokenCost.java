package dev.outcrop.serving.plan;

/**
 * USD for a million tokens on an instance. The hour is split by the device time that each kind of
 * token takes by the roofline, whatever the hour was used for; so the parts add up to its price.
 *
 * @param input of prompt tokens that were computed
 * @param cached of prompt tokens that were found in the cache
 * @param output of tokens that were generated
 * @param blended of all of them, as many as there were of each
 */
public record TokenCost(double input, double cached, double output, double blended) {
  private static final double MILLION = 1e6;
  private static final double HOUR = 3_600;

  /**
   * Splits an hour.
   *
   * @param usdPerHour what it cost
   * @param rates tokens that it brought, a second
   * @param times how a request's time is made up, of which only the proportions count
   */
  public static TokenCost of(double usdPerHour, TokenRates rates, Estimate.Times times) {
    double all = times.all();
    return new TokenCost(
        per(usdPerHour * times.prompt() / all, rates.input() - rates.cached()),
        per(usdPerHour * times.cached() / all, rates.cached()),
        per(usdPerHour * times.decode() / all, rates.output()),
        per(usdPerHour, rates.all()));
  }

  private static double per(double usdPerHour, double tokensPerSecond) {
    return tokensPerSecond > 0 ? usdPerHour / (tokensPerSecond * HOUR) * MILLION : 0;
  }
}
