package dev.outcrop.bench.dollars;

import dev.outcrop.bench.report.Run;
import dev.outcrop.serving.plan.BreakEven;
import dev.outcrop.serving.prices.BedrockPrice;
import dev.outcrop.serving.prices.Hourly;
import dev.outcrop.serving.prices.Mode;
import dev.outcrop.serving.prices.Prices;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** An answer as figures for programs: the parts of a RunResult. */
final class DollarsFigures {
  private final Answer answer;
  private final Question question;
  private final Prices prices;
  private final List<MeasuredRun> runs;

  DollarsFigures(Answer answer, Prices prices, List<MeasuredRun> runs) {
    this.answer = answer;
    this.question = answer.question();
    this.prices = prices;
    this.runs = runs;
  }

  /** The settings of the result. */
  Map<String, Object> shape() {
    Map<String, Object> shape = new LinkedHashMap<>();
    shape.put("model", question.model());
    shape.put("quantization", question.work().held());
    shape.put("requestTokens", question.traffic().tokens());
    shape.put("inputShare", question.traffic().inputShare());
    shape.put("cachedShare", question.traffic().cachedShare());
    shape.put("slo", question.slo().text());
    shape.put("assumedShareOfBandwidth", question.share().bandwidth());
    shape.put("assumedShareOfArithmetic", question.share().flops());
    shape.put("usualUtilisation", question.usual());
    shape.put("purchase", question.purchase().word());
    shape.put("fixedUsdPerMonth", question.fixedUsd());
    shape.put("zones", question.zones());
    shape.put("minPerZone", question.minPerZone());
    shape.put("countUntested", question.countUntested());
    shape.put("pricesDate", prices.date());
    BedrockPrice bedrock = question.bedrock();
    if (bedrock != null) {
      shape.put("bedrockModel", bedrock.id());
      shape.put("bedrockPriceSource", bedrock.source().what());
      shape.put("bedrockPriceDate", bedrock.source().date());
      Map<String, Object> modes = new LinkedHashMap<>();
      for (Mode mode : prices.modes()) {
        String known = mode.verified() ? "" : ", not verified";
        modes.put(mode.name(), mode.share() + " of on demand" + known);
      }
      shape.put("bedrockModes", modes);
    }
    shape.put("measured", runs.stream().map(MeasuredRun::name).toList());
    shape.put("verdict", answer.verdict());
    return shape;
  }

  /** An entry for each instance and load, then one for each mix. */
  List<Map<String, Object>> results() {
    List<Map<String, Object>> results = new ArrayList<>();
    for (Offer offer : answer.offers()) {
      List<Offer.Level> levels = offer.levels(question);
      if (levels.isEmpty()) {
        results.add(common(offer));
      }
      for (Offer.Level level : levels) {
        Map<String, Object> result = common(offer);
        result.put("load", level.load());
        result.put("utilisation", rounded(level.utilisation()));
        result.put("tokensPerSecond", rounded(level.rates().all()));
        result.put("usdPerMillionInput", rounded(level.cost().input()));
        result.put("usdPerMillionOutput", rounded(level.cost().output()));
        result.put("usdPerMillionCached", rounded(level.cost().cached()));
        result.put("usdPerMillion", rounded(level.cost().blended()));
        results.add(result);
      }
    }
    for (Answer.Mix mix : answer.mixes()) {
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("inputShare", mix.inputShare());
      mix.answer()
          .cheapest()
          .ifPresent(
              offer -> {
                result.put("cheapest", offer.instance().type());
                result.put("cheapestBasis", offer.basis());
                result.put("usdPerMillion", rounded(offer.usualPerMillion(question)));
              });
      mix.answer()
          .cheapestOfAll()
          .ifPresent(
              offer -> {
                result.put("cheapestOfAll", offer.instance().type());
                result.put("cheapestOfAllBasis", offer.basis());
                result.put("usdPerMillionOfAll", rounded(offer.usualPerMillion(question)));
              });
      Double bedrock = question.bedrockPerMillion(mix.traffic());
      if (bedrock != null) {
        result.put("bedrockUsdPerMillion", rounded(bedrock));
      }
      results.add(result);
    }
    return results;
  }

  private Map<String, Object> common(Offer offer) {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("instance", offer.instance().type());
    result.put("basis", offer.basis());
    MeasuredRun run = offer.measured();
    if (run != null) {
      result.put("run", run.name());
    }
    result.put("standing", offer.standing().state().word());
    String reason = offer.standing().reason();
    String told = reason.isEmpty() ? offer.wrongPromise(question).orElse("") : reason;
    if (!told.isEmpty()) {
      result.put("reason", told);
    }
    Hourly hourly = offer.hourly();
    if (hourly != null) {
      result.put("usdPerHour", hourly.usd());
      result.put("priceSource", hourly.source().name() + " " + hourly.source().date());
    }
    Double bedrock = question.bedrockPerMillion(offer.traffic());
    if (bedrock != null) {
      result.put("bedrockUsdPerMillion", rounded(bedrock));
    }
    offer
        .breakEven(question)
        .ifPresent(
            even -> {
              result.put("breakEvenTokensPerMonth", (double) Math.round(even.tokensPerMonth()));
              result.put("breakEvenUsdPerMonth", rounded(even.usdPerMonth()));
              if (Double.isFinite(even.settledTokensPerMonth())) {
                result.put(
                    "breakEvenSettledTokensPerMonth",
                    (double) Math.round(even.settledTokensPerMonth()));
              }
            });
    return result;
  }

  /** What it is for. */
  Map<String, Number> headline() {
    Map<String, Number> headline = new LinkedHashMap<>();
    headline.put("ruleOfThumbUsdPerMonth", BreakEven.RULE_OF_THUMB);
    answer
        .cheapest()
        .ifPresent(
            offer -> {
              // of the question's requests: scaled where the run was of others
              headline.put("cheapestUsdPerMillion", rounded(offer.usualPerMillion(question)));
              offer
                  .breakEven(question)
                  .ifPresent(
                      even ->
                          headline.put(
                              "cheapestBreakEvenUsdPerMonth", rounded(even.usdPerMonth())));
            });
    answer
        .first()
        .ifPresent(
            first ->
                headline.put("firstBreakEvenUsdPerMonth", rounded(first.even().usdPerMonth())));
    return headline;
  }

  private static double rounded(double value) {
    return Math.round(value * 1e6) / 1e6;
  }

  static Map<String, String> units() {
    return Run.units(
        """
        instance: type of EC2 instance
        basis: measured, or scaled from that by the roofline, or computed by it at the assumed share
        run: file of the measured run
        standing: whether Outcrop serves the model there today; verdicts name what is served
        reason: what keeps it from that, or from verdicts
        usdPerHour: USD/h of the instance
        priceSource: source of that in the price table, and its date
        load: goodput (all tokens, scaled by the share of requests that kept their promise), or share of full load
        utilisation: share of full load
        tokensPerSecond: tokens/s in and out
        usdPerMillionInput: USD for 10^6 prompt tokens that are computed
        usdPerMillionOutput: USD for 10^6 generated tokens
        usdPerMillionCached: USD for 10^6 prompt tokens found in the cache
        usdPerMillion: USD for 10^6 tokens, as many of each as there were
        bedrockUsdPerMillion: USD for 10^6 of the same tokens on Bedrock on demand
        breakEvenTokensPerMonth: tokens a month at which it first costs no more than Bedrock
        breakEvenUsdPerMonth: USD a month at that load
        breakEvenSettledTokensPerMonth: tokens a month above which Bedrock is never cheaper again
        inputShare: share of tokens that are input, for the sensitivity to it
        cheapest: instance with the cheapest tokens that verdicts may name
        cheapestBasis: basis of that
        cheapestOfAll: the same of all that fit and have a price
        cheapestOfAllBasis: basis of that
        usdPerMillionOfAll: USD for 10^6 tokens there
        ruleOfThumbUsdPerMonth: USD a month at which people usually leave per-token prices
        cheapestUsdPerMillion: USD for 10^6 tokens on the cheapest that verdicts may name
        cheapestBreakEvenUsdPerMonth: USD a month at which that first costs no more than Bedrock
        firstBreakEvenUsdPerMonth: the smallest such bill of all that verdicts may name""");
  }
}
