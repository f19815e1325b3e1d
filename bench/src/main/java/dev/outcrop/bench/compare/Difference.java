package dev.outcrop.bench.compare;

import dev.outcrop.bench.report.Confidence;
import dev.outcrop.bench.report.Run;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How a figure of two runs differs.
 *
 * @param point the measured point
 * @param metric the figure
 * @param before what the first run has
 * @param after what the second run has
 * @param p chance of ranks as unlike as these, or more, if there were no difference (Mann-Whitney
 *     U, two-sided)
 * @param repeatsP chance of repeats as unlike as these, likewise; see {@link Repeats}
 * @param adjusted the larger of the two, where as many figures are looked at as here (Holm)
 * @param superiority chance that a value of the second run is better than one of the first, ties
 *     half; 0.5 is no difference
 * @param verdict what that means
 */
record Difference(
    String point,
    Metric metric,
    Values before,
    Values after,
    double p,
    double repeatsP,
    double adjusted,
    double superiority,
    Verdict verdict) {

  /** What is said in the end. */
  enum Verdict {
    BETTER("better"),
    WORSE("worse"),
    NO_DIFFERENCE("no difference");

    private final String words;

    Verdict(String words) {
      this.words = words;
    }

    String words() {
      return words;
    }
  }

  /**
   * A figure that can be compared.
   *
   * @param share whether its values are 0 or 1, so that their mean says more than the median
   */
  record Metric(String name, boolean lowerIsBetter, boolean share) {}

  /**
   * The values of a figure.
   *
   * @param all of all repeats
   * @param middles the median of each repeat, or the mean of a share
   * @param sizes how many values each repeat has
   */
  record Values(double[] all, double[] middles, int[] sizes) {
    double middle(boolean share) {
      return share ? Confidence.mean(all) : Run.median(all);
    }
  }

  private Difference adjusted(double value, Verdict said) {
    return new Difference(point, metric, before, after, p, repeatsP, value, superiority, said);
  }

  private double chance() {
    return Math.max(p, repeatsP);
  }

  /** Corrects for the number of figures by Holm's method, and says what is to be said. */
  static List<Difference> judged(List<Difference> raw) {
    List<Integer> byChance =
        IntStream.range(0, raw.size())
            .boxed()
            .sorted(Comparator.comparingDouble(i -> raw.get(i).chance()))
            .toList();
    List<Difference> judged = new ArrayList<>(raw);
    double most = 0;
    for (int rank = 0; rank < raw.size(); rank++) {
      int index = byChance.get(rank);
      Difference each = raw.get(index);
      most = Math.max(most, Math.min(1, each.chance() * (raw.size() - rank)));
      judged.set(index, each.adjusted(most, each.verdictAt(most)));
    }
    return judged;
  }

  /**
   * Requests of one run are not independent, so ranks alone find differences between a run and its
   * repetition: the repeats, which are, have to differ too. And a difference has to be larger than
   * what is negligible.
   */
  private Verdict verdictAt(double corrected) {
    if (corrected >= MannWhitney.SIGNIFICANT || isNegligible()) {
      return Verdict.NO_DIFFERENCE;
    }
    return superiority > 0.5 ? Verdict.BETTER : Verdict.WORSE;
  }

  /** Of shares a point is not; of others Vargha and Delaney's scale tells. */
  private boolean isNegligible() {
    return metric.share()
        ? Math.abs(before.middle(true) - after.middle(true)) < MannWhitney.NEGLIGIBLE_SHARE
        : Math.abs(superiority - 0.5) < MannWhitney.NEGLIGIBLE;
  }
}
