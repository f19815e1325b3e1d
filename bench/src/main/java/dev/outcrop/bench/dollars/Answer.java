package dev.outcrop.bench.dollars;

import dev.outcrop.serving.plan.BreakEven;
import dev.outcrop.serving.plan.Traffic;
import dev.outcrop.serving.prices.BedrockPrice;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What came of a question: an offer for each instance and run, and what follows.
 *
 * @param question the question
 * @param offers measured ones first
 */
record Answer(Question question, List<Offer> offers) {
  /** Shares of input that the sensitivity is told for. */
  static final List<Double> MIXES = List.of(0.1, 0.25, 0.5, 0.75, 0.9, 0.95);

  private static final double MILLION = 1e6;

  /** Copies the list. */
  Answer {
    offers = List.copyOf(offers);
  }

  /** All offers for the question's requests: runs of other ones are scaled to these. */
  List<Offer> compared() {
    return offers.stream().map(offer -> offer.with(question, question.traffic())).toList();
  }

  /** The cheapest tokens that keep the promise, of what verdicts may name. */
  Optional<Offer> cheapest() {
    return cheapest(compared().stream().filter(offer -> offer.counts(question)).toList());
  }

  /** The same of everything that fits and has a price, served today or not. */
  Optional<Offer> cheapestOfAll() {
    return cheapest(
        compared().stream()
            .filter(Offer::priced)
            .filter(offer -> offer.own(question).isPresent())
            .toList());
  }

  /** What costs no more than Bedrock at the smallest bill, of what verdicts may name. */
  Optional<First> first() {
    return compared().stream()
        .filter(offer -> offer.counts(question))
        .flatMap(offer -> offer.breakEven(question).map(even -> new First(offer, even)).stream())
        .min(Comparator.comparingDouble(first -> first.even.usdPerMonth()));
  }

  /**
   * What pays first.
   *
   * @param offer the instance
   * @param even at which load
   */
  record First(Offer offer, BreakEven even) {}

  private Optional<Offer> cheapest(List<Offer> of) {
    return of.stream().min(Comparator.comparingDouble(offer -> offer.usualPerMillion(question)));
  }

  /** The best offer of each mix of input and output, with what Bedrock asks. */
  List<Mix> mixes() {
    List<Mix> mixes = new ArrayList<>();
    for (double share : MIXES) {
      Traffic traffic = question.traffic().withInputShare(share);
      List<Offer> others = offers.stream().map(offer -> offer.with(question, traffic)).toList();
      mixes.add(new Mix(share, traffic, new Answer(question.with(traffic), others)));
    }
    return mixes;
  }

  /**
   * The answer for another mix.
   *
   * @param inputShare share of tokens that are input
   * @param traffic the requests
   * @param answer what is offered for them
   */
  record Mix(double inputShare, Traffic traffic, Answer answer) {}

  /** What follows, sentence by sentence. */
  List<String> verdict() {
    List<String> sentences = new ArrayList<>();
    BedrockPrice list = question.bedrock();
    Double blended = question.bedrockPerMillion(question.traffic());
    if (list == null || blended == null) {
      sentences.add("No price of Bedrock is known for this model: --bedrock-model names one.");
    } else {
      sentences.add(
          String.format(
              Locale.ROOT,
              "Bedrock on demand: $%.2f in, $%.2f out, $%.3f blended a million tokens (%s; %s of %s%s).",
              list.input(),
              list.output(),
              blended,
              list.id(),
              list.source().name(),
              list.source().date(),
              list.checked() == null ? ", not checked since" : ", checked " + list.checked()));
    }
    Optional<Offer> served = cheapest();
    sentences.add(
        served
            .map(offer -> "Cheapest instance for " + question.slo().text() + " ms: " + told(offer))
            .orElseGet(this::none));
    cheapestOfAll()
        .filter(offer -> !offer.counts(question))
        .ifPresent(
            offer ->
                sentences.add(
                    (served.isPresent()
                            ? "Left out of the verdict, though cheaper: "
                            : "Left out of the verdict: ")
                        + told(offer)
                        + " But: "
                        + offer.hindrance(question)
                        + "."));
    sentences.add(
        String.format(
            Locale.ROOT,
            "The usual rule of thumb is to leave per-token prices at $%,.0f a month.",
            BreakEven.RULE_OF_THUMB));
    first()
        .ifPresent(
            first ->
                sentences.add(
                    String.format(
                        Locale.ROOT,
                        "Here it pays %s: first at $%,.0f a month, on %s (%s).",
                        first.even.usdPerMonth() < BreakEven.RULE_OF_THUMB ? "earlier" : "later",
                        first.even.usdPerMonth(),
                        first.offer.instance().type(),
                        first.offer.basis())));
    return sentences;
  }

  /** Why there is no verdict. */
  private String none() {
    List<Offer> run = offers.stream().filter(offer -> offer.runs(question)).toList();
    List<Offer> priced = run.stream().filter(Offer::priced).toList();
    String promise = question.slo().text() + " ms";
    if (run.isEmpty()) {
      return "Outcrop serves this model on none of the instances today, so there is no verdict.";
    }
    if (priced.isEmpty()) {
      return "Where Outcrop serves this model, no instance has a price and any throughput, so there"
          + " is no verdict.";
    }
    if (priced.stream().noneMatch(offer -> offer.wrongPromise(question).isEmpty())) {
      return "Outcrop serves this model, but no run was measured by "
          + promise
          + ", so there is no verdict: --slo, or measure again.";
    }
    return "Outcrop serves this model, but no request kept " + promise + ": there is no verdict.";
  }

  private static String settled(BreakEven even) {
    double tokens = even.settledTokensPerMonth();
    if (tokens <= even.tokensPerMonth()) {
      return ", and for good";
    }
    return Double.isInfinite(tokens)
        ? ", never for good"
        : String.format(Locale.ROOT, ", and for good above %,.0f million", tokens / MILLION);
  }

  private String told(Offer offer) {
    Double list = question.bedrockPerMillion(offer.traffic());
    String price =
        String.format(
            Locale.ROOT,
            "%s (%s), $%.3f a million tokens at %d%% of what keeps the promise",
            offer.instance().type(),
            offer.basis(),
            offer.usualPerMillion(question),
            Math.round(100 * question.usual()));
    if (list == null) {
      return price + ".";
    }
    return price
        + String.format(Locale.ROOT, "; Bedrock $%.3f; ", list)
        + offer
            .breakEven(question)
            .map(
                even ->
                    String.format(
                        Locale.ROOT,
                        "first pays at %,.0f million tokens or $%,.0f a month, on %d of them%s.",
                        even.tokensPerMonth() / MILLION,
                        even.usdPerMonth(),
                        even.instances(),
                        settled(even)))
            .orElse("no load breaks even.");
  }
}
