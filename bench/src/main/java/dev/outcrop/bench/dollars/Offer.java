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
 * What an instance brings for its price: measured, scaled to other traffic from what was measured,
 * or computed.
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
 * @param scaled whether the roofline told what was measured for other traffic than this
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
    int replicas,
    boolean scaled) {
  private static final Estimate.Times NO_TIME = new Estimate.Times(0, 0, 0);

  /** Sequences of a step where nothing tells; only proportions of prices depend on it. */
  private static final int USUAL_BATCH = 16;

  /** Requests that differ by less are the same, but for rounding. */
  private static final double SAME = 1e-6;

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
    Optional<Estimate> estimate =
        Estimate.of(question.work(), instance, question.share(), traffic, question.slo());
    Optional<Layout> layout =
        estimate
            .map(Estimate::layout)
            .or(() -> Layout.of(question.work(), instance, traffic.tokens()));
    return new Offer(
        instance,
        Standing.of(question.work(), instance, layout),
        instance.price(question.purchase()).orElse(null),
        null,
        traffic,
        estimate.map(Estimate::rates).orElse(null),
        estimate.map(Estimate::rates).orElse(null),
        estimate.map(Estimate::times).orElse(NO_TIME),
        layout.map(Layout::replicas).orElse(1),
        false);
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
        1,
        false);
  }

  private static Estimate.Times times(Question question, Instance instance, Traffic traffic) {
    double batch =
        Estimate.of(question.work(), instance, question.share(), traffic, Slo.NONE)
            .map(Estimate::batch)
            .orElse(USUAL_BATCH);
    Roof roof = Roof.of(instance.device(), question.share());
    return Estimate.times(question.work(), roof, traffic, Math.min(batch, 4 * USUAL_BATCH));
  }

  /** {@code measured}, {@code scaled} from that by the roofline, or {@code computed}. */
  String basis() {
    if (measured == null) {
      return "computed";
    }
    return scaled ? "scaled" : "measured";
  }

  /** Whether it has a price and brings anything. */
  boolean priced() {
    return hourly != null && most != null && most.all() > 0;
  }

  /** Whether verdicts may name it. */
  boolean counts(Question question) {
    return runs(question) && wrongPromise(question).isEmpty() && priced() && keeps();
  }

  /** Whether Outcrop serves the model there, as far as verdicts are to care. */
  boolean runs(Question question) {
    return switch (standing.state()) {
      case SERVED -> true;
      case UNTESTED -> question.countUntested();
      case UNSUPPORTED, TOO_LARGE -> false;
    };
  }

  /** Whether some requests keep the promise. */
  boolean keeps() {
    return kept != null && kept.all() > 0;
  }

  /** How a run was measured by less than what clients are promised; empty where it was not. */
  Optional<String> wrongPromise(Question question) {
    return measured == null || measured.kept(question.slo())
        ? Optional.empty()
        : Optional.of(
            "its goodput is of the promise %s ms, not of %s ms"
                .formatted(measured.slo().text(), question.slo().text()));
  }

  /** What keeps it from verdicts, though it has a price; empty where nothing does. */
  String hindrance(Question question) {
    if (!runs(question)) {
      return standing.reason();
    }
    return wrongPromise(question).orElse(keeps() ? "" : "no request kept the promise");
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

  /** At which load it first costs no more than Bedrock. */
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
    if (isAbout(traffic, other)) {
      return this;
    }
    if (measured == null) {
      Estimate estimate =
          Estimate.of(question.work(), instance, question.share(), other, question.slo())
              .orElse(null);
      TokenRates rates = estimate == null ? null : estimate.rates();
      int there = estimate == null ? replicas : estimate.layout().replicas();
      return new Offer(
          instance,
          standing,
          hourly,
          null,
          other,
          rates,
          rates,
          estimate == null ? NO_TIME : estimate.times(),
          there,
          false);
    }
    Estimate.Times longer = times(question, instance, other);
    double slower = longer.all() / times.all();
    return new Offer(
        instance,
        standing,
        hourly,
        measured,
        other,
        scaled(most, slower, other),
        scaled(kept, slower, other),
        longer,
        replicas,
        true);
  }

  private @Nullable TokenRates scaled(@Nullable TokenRates rates, double slower, Traffic other) {
    if (rates == null) {
      return null;
    }
    double requests = rates.all() / traffic.tokens() / slower;
    return new TokenRates(
        requests * other.inputTokens(),
        requests * other.inputTokens() * other.cachedShare(),
        requests * other.outputTokens());
  }

  private static boolean isAbout(Traffic one, Traffic other) {
    return Math.abs(one.inputTokens() - other.inputTokens()) <= SAME * one.inputTokens()
        && Math.abs(one.outputTokens() - other.outputTokens()) <= SAME * one.outputTokens()
        && Math.abs(one.cachedShare() - other.cachedShare()) <= SAME;
  }
}
