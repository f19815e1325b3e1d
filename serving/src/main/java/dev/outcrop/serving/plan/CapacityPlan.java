package dev.outcrop.serving.plan;

import dev.outcrop.serving.prices.BedrockPrice;
import dev.outcrop.serving.prices.Hourly;
import dev.outcrop.serving.prices.Instance;
import dev.outcrop.serving.prices.Purchase;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How many instances a load takes and what they cost beside Bedrock, type by type; computed from
 * config.json and data sheets, not measured.
 *
 * @param need what is asked for
 * @param rows a row for each type
 * @param bedrockUsd what Bedrock charges a month for the same tokens; null where its price is not
 *     known
 */
public record CapacityPlan(Need need, List<Row> rows, @Nullable Double bedrockUsd) {
  private static final double DAY = 86_400;
  private static final double HOURS_OF_A_DAY = 24;
  private static final double MILLION = 1e6;

  /** Copies the list. */
  public CapacityPlan {
    rows = List.copyOf(rows);
  }

  /**
   * What is asked for.
   *
   * @param work the model
   * @param traffic a mean request
   * @param slo what clients are promised
   * @param tokensPerDay tokens in and out
   * @param peakFactor the busiest hour over the mean one
   * @param utilisation share of its capacity that an instance is to be used at in the busiest hour
   * @param share what engines are assumed to reach
   * @param zones zones that have to serve by themselves
   * @param minPerZone replicas in each of them at least
   * @param fixedUsd USD a month that are paid whatever the load is
   * @param purchase how instances are paid for
   */
  public record Need(
      ModelWork work,
      Traffic traffic,
      Slo slo,
      double tokensPerDay,
      double peakFactor,
      double utilisation,
      Share share,
      int zones,
      int minPerZone,
      double fixedUsd,
      Purchase purchase) {
    /** Tokens of a month. */
    public double tokensPerMonth() {
      return tokensPerDay * BreakEven.HOURS / HOURS_OF_A_DAY;
    }

    /** Tokens a second in the busiest hour. */
    double peak() {
      return tokensPerDay / DAY * peakFactor;
    }
  }

  /**
   * One type.
   *
   * @param instance the type
   * @param standing whether Outcrop serves the model there today
   * @param hourly its price; null where nobody sourced one
   * @param estimate what it would do; null where it does not fit or breaks the promise
   * @param size how many it takes; null without an estimate
   * @param usd what they cost a month, with what is fixed; null without a price or an estimate
   * @param breakEven at which load that is first no more than Bedrock; null where it never is, or
   *     not known
   */
  public record Row(
      Instance instance,
      Standing standing,
      @Nullable Hourly hourly,
      @Nullable Estimate estimate,
      @Nullable Size size,
      @Nullable Range usd,
      @Nullable BreakEven breakEven) {
    /** Whether verdicts may name it. */
    public boolean counts() {
      return standing.state() == Standing.State.SERVED && usd != null;
    }
  }

  /**
   * How many.
   *
   * @param instances instances
   * @param replicas replicas of the model on them
   */
  public record Size(long instances, long replicas) {}

  /**
   * USD a month.
   *
   * @param low if engines reach {@link Share#HIGH}
   * @param likely at the assumed share
   * @param high if they reach {@link Share#LOW} only; null where the promise is then broken
   */
  public record Range(double low, double likely, @Nullable Double high) {}

  /** Makes a plan of all types. */
  public static CapacityPlan of(
      Need need, Collection<Instance> instances, @Nullable BedrockPrice bedrock) {
    Double million =
        bedrock == null
            ? null
            : (Double) bedrock.blended(need.traffic.inputShare(), need.traffic.cachedShare());
    return new CapacityPlan(
        need,
        instances.stream().map(instance -> row(need, instance, million)).toList(),
        million == null ? null : (Double) (need.tokensPerMonth() / MILLION * million));
  }

  /** The least that is paid a month where Outcrop serves the model today. */
  public Optional<Row> cheapest() {
    return rows.stream().filter(Row::counts).min(Comparator.comparingDouble(CapacityPlan::likely));
  }

  /** The least that would be paid if Outcrop served the model wherever it fits. */
  public Optional<Row> cheapestOfAll() {
    return rows.stream()
        .filter(row -> row.usd != null && row.standing.state() != Standing.State.TOO_LARGE)
        .min(Comparator.comparingDouble(CapacityPlan::likely));
  }

  private static double likely(Row row) {
    return row.usd == null ? Double.POSITIVE_INFINITY : row.usd.likely;
  }

  private static Row row(Need need, Instance instance, @Nullable Double million) {
    Hourly hourly = instance.price(need.purchase).orElse(null);
    Estimate estimate = estimate(need, instance, need.share).orElse(null);
    Standing standing =
        Standing.of(
            need.work,
            instance,
            estimate == null
                ? Layout.of(need.work, instance, need.traffic.tokens())
                : Optional.of(estimate.layout()));
    if (estimate == null) {
      return new Row(instance, standing, hourly, null, null, null, null);
    }
    Size size = size(need, estimate);
    if (hourly == null) {
      return new Row(instance, standing, null, estimate, size, null, null);
    }
    Range range =
        new Range(
            Math.min(
                usd(need, hourly, estimate),
                estimate(need, instance, Share.HIGH)
                    .map(better -> usd(need, hourly, better))
                    .orElse(Double.POSITIVE_INFINITY)),
            usd(need, hourly, estimate),
            estimate(need, instance, Share.LOW)
                .map(
                    worse ->
                        (Double) Math.max(usd(need, hourly, worse), usd(need, hourly, estimate)))
                .orElse(null));
    BreakEven even =
        million == null ? null : BreakEven.of(own(need, hourly, estimate), million).orElse(null);
    return new Row(instance, standing, hourly, estimate, size, range, even);
  }

  private static Optional<Estimate> estimate(Need need, Instance instance, Share share) {
    return Estimate.of(need.work, instance, share, need.traffic, need.slo);
  }

  private static Size size(Need need, Estimate estimate) {
    int perInstance = estimate.layout().replicas();
    long forLoad = (long) Math.ceil(need.peak() / (estimate.rates().all() * need.utilisation));
    long instances = Math.max(least(need, perInstance), forLoad);
    return new Size(instances, instances * perInstance);
  }

  private static int least(Need need, int perInstance) {
    return Math.max(1, need.zones * Math.ceilDiv(need.minPerZone, perInstance));
  }

  private static double usd(Need need, Hourly hourly, Estimate estimate) {
    return need.fixedUsd + size(need, estimate).instances * hourly.usd() * BreakEven.HOURS;
  }

  private static BreakEven.Own own(Need need, Hourly hourly, Estimate estimate) {
    return new BreakEven.Own(
        hourly.usd(),
        estimate.rates().all() * need.utilisation / need.peakFactor,
        need.fixedUsd,
        least(need, estimate.layout().replicas()));
  }
}
