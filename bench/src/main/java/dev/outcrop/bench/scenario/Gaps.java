package dev.outcrop.bench.scenario;

import java.util.function.DoubleSupplier;
import java.util.random.RandomGenerator;
import org.apache.commons.statistics.distribution.GammaDistribution;

/** Times between arrivals, in seconds. Used by one thread. */
public final class Gaps {
  private Gaps() {}

  /** Those of a Poisson process. */
  public static DoubleSupplier poisson(double rate, RandomGenerator random) {
    return () -> -Math.log1p(-random.nextDouble()) / rate;
  }

  /**
   * Those of a renewal process whose gaps are gamma distributed.
   *
   * @param burstiness the shape; 1 is Poisson, below 1 comes in bursts
   */
  public static DoubleSupplier gamma(double rate, double burstiness, RandomGenerator random) {
    GammaDistribution gaps = GammaDistribution.of(burstiness, 1 / (rate * burstiness));
    return () -> gaps.inverseCumulativeProbability(random.nextDouble());
  }
}
