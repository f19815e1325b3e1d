package dev.outcrop.serving.plan;

import java.util.Optional;

/**
 * The load at which instances of one's own first cost no more than Bedrock. Instances come whole,
 * so above the next stair Bedrock may be cheaper again; from some load on it never is.
 *
 * @param tokensPerMonth tokens, in and out
 * @param usdPerMonth what either costs then
 * @param instances instances that it takes
 * @param settledTokensPerMonth tokens from which on Bedrock is never cheaper again; infinite where
 *     it is again and again
 */
public record BreakEven(
    double tokensPerMonth, double usdPerMonth, long instances, double settledTokensPerMonth) {
  /** Hours of a month. */
  public static final double HOURS = 730;

  /** What people say without looking: leave per-token prices at this bill, USD a month. */
  public static final double RULE_OF_THUMB = 30_000;

  private static final double MILLION = 1e6;

  /**
   * One's own side.
   *
   * @param usdPerHour of an instance
   * @param tokensPerSecond what an instance brings on average, as busy as it will be
   * @param fixedPerMonth USD that are paid whatever the load is
   * @param least instances that run whatever the load is
   */
  public record Own(double usdPerHour, double tokensPerSecond, double fixedPerMonth, int least) {
    double perInstance() {
      return usdPerHour * HOURS;
    }

    double tokensPerMonth() {
      return tokensPerSecond * 3_600 * HOURS;
    }

    /** Instances for a load. */
    public long instances(double tokens) {
      return Math.max(least, (long) Math.ceil(tokens / tokensPerMonth()));
    }

    /** USD a month for a load. */
    public double usdPerMonth(double tokens) {
      return fixedPerMonth + instances(tokens) * perInstance();
    }
  }

  /**
   * Finds it. Instances come whole, so that one's own side is a stair.
   *
   * @param bedrock USD for a million of the same tokens
   * @return nothing where no load is large enough
   */
  public static Optional<BreakEven> of(Own own, double bedrock) {
    double perToken = bedrock / MILLION;
    double gain = perToken * own.tokensPerMonth() - own.perInstance(); // of a busy instance
    long instances = own.least;
    if (instances * gain < own.fixedPerMonth) {
      if (gain <= 0) {
        return Optional.empty();
      }
      instances = (long) Math.ceil(own.fixedPerMonth / gain);
    }
    double usd = own.fixedPerMonth + instances * own.perInstance();
    return Optional.of(
        new BreakEven(usd / perToken, usd, instances, settled(own, gain) / perToken));
  }

  /** USD at the last crossing: full instances have to pay for the next one, too, from there on. */
  private static double settled(Own own, double gain) {
    if (gain <= 0) {
      return Double.POSITIVE_INFINITY;
    }
    double enough = Math.ceil((own.fixedPerMonth + own.perInstance()) / gain);
    return own.fixedPerMonth + Math.max(own.least, enough) * own.perInstance();
  }
}
