package dev.outcrop.bench.dollars;

import dev.outcrop.serving.plan.BreakEven;
import dev.outcrop.serving.plan.ModelWork;
import dev.outcrop.serving.plan.Share;
import dev.outcrop.serving.plan.Slo;
import dev.outcrop.serving.plan.Traffic;
import dev.outcrop.serving.prices.BedrockPrice;
import dev.outcrop.serving.prices.Purchase;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the dollars are asked for.
 *
 * @param model as it was named
 * @param work its bytes and operations
 * @param bedrock its price on Bedrock; null where none is known
 * @param traffic a mean request
 * @param slo what clients are promised; runs that were measured by less are left out of verdicts
 * @param share what engines are assumed to reach, where nothing was measured
 * @param purchase how instances are paid for
 * @param utilisations loads to tell the price of a token at, shares of the most that there is
 * @param usual the load that break-even and verdict are of
 * @param zones zones that have to serve by themselves
 * @param minPerZone replicas in each at least
 * @param fixedUsd USD a month that are paid whatever the load is
 * @param countUntested whether verdicts name what nobody has run yet
 */
record Question(
    String model,
    ModelWork work,
    @Nullable BedrockPrice bedrock,
    Traffic traffic,
    Slo slo,
    Share share,
    Purchase purchase,
    List<Double> utilisations,
    double usual,
    int zones,
    int minPerZone,
    double fixedUsd,
    boolean countUntested) {
  /** Copies the list. */
  Question {
    utilisations = List.copyOf(utilisations);
  }

  /** The same of other requests. */
  Question with(Traffic other) {
    return new Question(
        model,
        work,
        bedrock,
        other,
        slo,
        share,
        purchase,
        utilisations,
        usual,
        zones,
        minPerZone,
        fixedUsd,
        countUntested);
  }

  /** Bedrock's price of a million tokens of some traffic; null where it is not known. */
  @Nullable Double bedrockPerMillion(Traffic of) {
    return bedrock == null ? null : (Double) bedrock.blended(of.inputShare(), of.cachedShare());
  }

  /** The least instances that hold so many replicas each. */
  int least(int replicas) {
    return Math.max(1, zones * Math.ceilDiv(minPerZone, Math.max(1, replicas)));
  }

  /** Our side, where an instance brings so many tokens a second on average. */
  BreakEven.Own own(double usdPerHour, double tokensPerSecond, int replicas) {
    return new BreakEven.Own(usdPerHour, tokensPerSecond, fixedUsd, least(replicas));
  }
}
