package dev.outcrop.bench.dollars;

import dev.outcrop.serving.plan.BreakEven;
import dev.outcrop.serving.plan.Estimate;
import dev.outcrop.serving.plan.Layout;
import dev.outcrop.serving.plan.Roof;
import dev.outcrop.serving.plan.Slo;
import dev.outcrop.serving.plan.Standing;
import dev.outcrop.serving.plan.TokenCost;
import dev.outcrop.serving.plan.TokenRates;
import dev.outcrop.serving.plan.Traffic;
import dev.outcrop.serving.prices.Hourly;
import dev.outcrop.serving.prices.Instance;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What an instance brings for its price, measured or computed.
 *
 * @param instance the type
 * @param standing whether Outcrop serves the model there today; where it was measured it does
 * @param hourly its price; null where nobody sourced one
 * @param measured the run; null where it is computed
 * @param traffic the requests that its tokens are of
 * @param most tokens a second at full load; null where it cannot serve these requests
 * @param kept tokens a second of requests that keep their promise, likewise
 * @param times how the time of a request is made up, which tells prices of input and output apart
 * @param replicas replicas on an instance
 */
record Offer(
    Instance instance,
    Standing standing,
    @Nullable Hourly hourly,
    @Nullable MeasuredRun measured,
    Traffic traffic,
    @Nullable TokenRates most,
    @Nullable TokenRates kept,
    Estimate.Times times,
    int replicas) {
  private static final Estimate.Times NO_TIME = new Estimate.Times(0, 0, 0);

  /** Sequences of a step where nothing tells; only proportions of prices depend on it. */
  private static final int USUAL_BATCH = 16;

  /**
   * The price of tokens at a load.
   *
   * @param load {@code goodput}, or a share of full load
   * @param utilisation the share; what was kept over what there was for {@code goodput}
   * @param rates tokens a second
   * @param cost USD for a million of them
   */
  record Level(String load, double utilisation, TokenRates rates, TokenCost cost) {}

  /** What the roofline says of an instance. */
  static Offer computed(Question question, Instance instance) {
    Traffic traffic = question.traffic();
    Optional<Layout> layout = Layout.of(question.work(), instance, traffic.tokens());
    Optional<Estimate> estimate =
        Estimate.of(question.work(), instance, question.share(), traffic, question.slo());
    return new Offer(
        instance,
        Standing.of(question.work(), instance, layout),
        instance.price(question.purchase()).orElse(null),
        null,
        traffic,
        estimate.map(Estimate::rates).orElse(null),
        estimate.map(Estimate::rates).orElse(null),
        estimate.map(Estimate::times).orElse(NO_TIME),
        layout.map(Layout::replicas).orElse(1));
  }

  /** What was measured on an instance. */
  static Offer measured(Question question, Instance instance, MeasuredRun run) {
    MeasuredRun.Point best = run.best();
    TokenRates rates = best.rates();
    double requests = Math.max(best.requests(), 1e-9);
    Traffic traffic =
        new Traffic(
            Math.max(1, rates.input() / requests),
            Math.max(1, rates.output() / requests),
            rates.input() > 0 ? Math.min(0.999, rates.cached() / rates.input()) : 0);
    return new Offer(
        instance,
        Standing.SERVED,
        instance.price(question.purchase()).orElse(null),
        run,
        traffic,
        run.busiest().rates(),
        best.goodput(),
        times(question, instance, traffic),
        1);
  }

  private static Estimate.Times times(Question question, Instance instance, Traffic traffic) {
    double batch =
        Estimate.of(question.work(), instance, question.share(), traffic, Slo.NONE)
            .map(Estimate::batch)
            .orElse(USUAL_BATCH);
    Roof roof = Roof.of(instance.device(), question.share());
    return Estimate.times(question.work(), roof, traffic, Math.min(batch, 4 * USUAL_BATCH));
  }

  /** {@code measured} or {@code computed}. */
  String basis() {
    return measured == null ? "computed" : "measured";
  }

  /** Whether it has a price and brings anything. */
  boolean priced() {
    return hourly != null && most != null && most.all() > 0;
  }

  /** Whether verdicts may name it. */
  boolean counts(Question question) {
    boolean runs =
        switch (standing.state()) {
          case SERVED -> true;
          case UNTESTED -> question.countUntested();
          case UNSUPPORTED, TOO_LARGE -> false;
        };
    return runs && priced() && kept != null && kept.all() > 0;
  }

  /** Prices of tokens at goodput where there is one, and at the loads that were asked for. */
  List<Level> levels(Question question) {
    List<Level> levels = new ArrayList<>();
    Hourly price = hourly;
    TokenRates all = most;
    if (price == null || all == null || all.all() == 0) {
      return levels;
    }
    TokenRates good = kept;
    if (measured != null && good != null && good.all() > 0) {
      levels.add(
          new Level(
              "goodput", good.all() / all.all(), good, TokenCost.of(price.usd(), good, times)));
    }
    for (double utilisation : question.utilisations()) {
      TokenRates rates = all.times(utilisation);
      levels.add(
          new Level(
              Math.round(100 * utilisation) + "%",
              utilisation,
              rates,
              TokenCost.of(price.usd(), rates, times)));
    }
    return levels;
  }

  /** USD for a million tokens at the load that verdicts are of. */
  double usualPerMillion(Question question) {
    Hourly price = hourly;
    TokenRates good = kept;
    if (price == null || good == null) {
      throw new IllegalStateException(instance.type() + " has no price to compare");
    }
    return TokenCost.of(price.usd(), good.times(question.usual()), times).blended();
  }

  /** From which load on it costs less than Bedrock. */
  Optional<BreakEven> breakEven(Question question) {
    Double bedrock = question.bedrockPerMillion(traffic);
    return bedrock == null
        ? Optional.empty()
        : own(question).flatMap(own -> BreakEven.of(own, bedrock));
  }

  /** Its side of a comparison. */
  Optional<BreakEven.Own> own(Question question) {
    Hourly price = hourly;
    TokenRates good = kept;
    return price == null || good == null || good.all() == 0
        ? Optional.empty()
        : Optional.of(question.own(price.usd(), good.all() * question.usual(), replicas));
  }

  /**
   * The same offer for other traffic. Where it was measured, the roofline tells by how much other
   * requests take longer, so that it is then computed from what was measured.
   */
  Offer with(Question question, Traffic other) {
    TokenRates now = kept;
    if (measured == null) {
      Estimate estimate =
          Estimate.of(question.work(), instance, question.share(), other, question.slo())
              .orElse(null);
      TokenRates rates = estimate == null ? null : estimate.rates();
      return new Offer(
          instance,
          standing,
          hourly,
          null,
          other,
          rates,
          rates,
          estimate == null ? NO_TIME : estimate.times(),
          replicas);
    }
    if (now == null || now.all() == 0) {
      return this;
    }
    double requests = now.all() / traffic.tokens();
    Estimate.Times longer = times(question, instance, other);
    double slower = longer.all() / times.all();
    TokenRates rates =
        new TokenRates(
            requests / slower * other.inputTokens(),
            requests / slower * other.inputTokens() * other.cachedShare(),
            requests / slower * other.outputTokens());
    return new Offer(instance, standing, hourly, measured, other, rates, rates, longer, replicas);
  }
}
