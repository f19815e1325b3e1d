package dev.outcrop.bench.compare;

import dev.outcrop.bench.report.Confidence;
import java.util.Arrays;
import org.apache.commons.statistics.distribution.TDistribution;
import org.apache.commons.statistics.inference.TTest;

/**
 * Whether the repeats of two runs differ. Requests of one run depend on each other; repeats do not.
 */
final class Repeats {
  private Repeats() {}

  /** Chance of repeats as unlike as these, or more, if there were no difference; 1 without them. */
  static double chance(boolean share, Difference.Values a, Difference.Values b) {
    if (a.middles().length < 2 || b.middles().length < 2) {
      return 1; // nobody knows; a remark says so
    }
    return share ? ofShares(a, b) : ofMedians(a.middles(), b.middles());
  }

  /** Welch's t-test of the medians; where they overlap there is no difference. */
  private static double ofMedians(double[] a, double[] b) {
    double[] sortedA = sorted(a);
    double[] sortedB = sorted(b);
    boolean apart = sortedA[a.length - 1] < sortedB[0] || sortedB[b.length - 1] < sortedA[0];
    if (!apart) {
      return 1;
    }
    // Where half of the requests failed a median is infinite, which has no variance.
    boolean plain =
        Double.isFinite(sortedA[a.length - 1]) && Double.isFinite(sortedB[b.length - 1]);
    boolean points = sortedA[0] == sortedA[a.length - 1] && sortedB[0] == sortedB[b.length - 1];
    return !plain || points ? 0 : TTest.withDefaults().test(a, b).getPValue();
  }

  private static double[] sorted(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted;
  }

  /**
   * Two shares, whose variance is that of a binomial or more: as much more as the repeats of a run
   * are further apart than it says (quasi-binomial, McCullagh and Nelder).
   */
  private static double ofShares(Difference.Values a, Difference.Values b) {
    double shareA = Confidence.mean(a.all());
    double shareB = Confidence.mean(b.all());
    double countA = a.all().length;
    double countB = b.all().length;
    double pooled = (shareA * countA + shareB * countB) / (countA + countB);
    double variance = pooled * (1 - pooled) * (1 / countA + 1 / countB);
    if (variance <= 0) {
      return 1;
    }
    int freedom = a.middles().length + b.middles().length - 2;
    double dispersion = Math.max(1, (pearson(a, shareA) + pearson(b, shareB)) / freedom);
    double t = Math.abs(shareA - shareB) / Math.sqrt(variance * dispersion);
    return 2 * TDistribution.of(freedom).survivalProbability(t);
  }

  /** Pearson's chi-squared of the repeats against their mean. */
  private static double pearson(Difference.Values values, double share) {
    double variance = share * (1 - share);
    double sum = 0;
    for (int i = 0; variance > 0 && i < values.middles().length; i++) {
      double off = values.middles()[i] - share;
      sum += values.sizes()[i] * off * off / variance;
    }
    return sum;
  }
}
