package dev.outcrop.bench.dollars;

import dev.outcrop.bench.report.Run;
import dev.outcrop.serving.plan.BreakEven;
import dev.outcrop.serving.plan.Layout;
import dev.outcrop.serving.prices.BedrockPrice;
import dev.outcrop.serving.prices.Hourly;
import dev.outcrop.serving.prices.Mode;
import dev.outcrop.serving.prices.Prices;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** An answer as a table for people and as figures for programs. */
final class DollarsReport {
  private static final double MILLION = 1e6;
  private static final double GIGA = 1e9;

  private final Answer answer;
  private final Question question;
  private final Prices prices;
  private final List<MeasuredRun> runs;

  DollarsReport(Answer answer, Prices prices, List<MeasuredRun> runs) {
    this.answer = answer;
    this.question = answer.question();
    this.prices = prices;
    this.runs = runs;
  }

  Answer answer() {
    return answer;
  }

  /** What the table rests on, a sentence each. */
  List<String> assumptions() {
    List<String> lines = new ArrayList<>();
    lines.add(
        String.format(
            Locale.ROOT,
            "%s: %.2f billion parameters, weights %.1f GB (%s), KV %d KiB a token.",
            question.model(),
            question.work().size().parameters() / GIGA,
            question.work().weightBytes() / GIGA,
            question.work().quantization().word(),
            question.work().kvBytesPerToken() / 1_024));
    lines.add(
        String.format(
            Locale.ROOT,
            "Requests of %.0f tokens, %.0f%% of them input, %.0f%% of that cached; %s ms; prices %s of the table of %s.",
            question.traffic().tokens(),
            100 * question.traffic().inputShare(),
            100 * question.traffic().cachedShare(),
            question.slo().text(),
            question.purchase().word(),
            prices.date()));
    lines.add(
        String.format(
            Locale.ROOT,
            "Computed rows assume %d%% of bandwidth and %d%% of arithmetic, %d%% of memory for weights and KV, no queue: they are no measurement.",
            Math.round(100 * question.share().bandwidth()),
            Math.round(100 * question.share().flops()),
            Math.round(100 * Layout.USABLE)));
    lines.add(
        String.format(
            Locale.ROOT,
            "Break-even at %d%% of what keeps the promise, %d zone(s) with %d replica(s) at least, $%,.0f a month fixed. Input and output share an hour by the device time of prompts and of decodes.",
            Math.round(100 * question.usual()),
            question.zones(),
            question.minPerZone(),
            question.fixedUsd()));
    BedrockPrice bedrock = question.bedrock();
    if (bedrock != null) {
      for (Mode mode : prices.modes()) {
        lines.add(
            String.format(
                Locale.ROOT,
                "Bedrock %s: $%.3f in, $%.3f out a million, %.2f of on demand%s.",
                mode.name(),
                bedrock.input() * mode.share(),
                bedrock.output() * mode.share(),
                mode.share(),
                mode.verified() ? "" : " (commonly quoted, not verified)"));
      }
    }
    for (MeasuredRun run : runs) {
      String asked = run.model();
      lines.add(
          "Measured: %s at commit %s%s."
              .formatted(run.name(), run.commit(), asked == null ? "" : ", of the model " + asked));
    }
    return lines;
  }

  /** For a terminal. */
  String table() {
    StringBuilder text = new StringBuilder();
    assumptions().forEach(line -> text.append(line).append('\n'));
    text.append('\n');
    line(
        text,
        "instance",
        "basis",
        "$/h",
        "load",
        "tokens/s",
        "$/M in",
        "$/M out",
        "$/M cached",
        "$/M all",
        "Bedrock",
        "pays M/month",
        "served today?");
    for (Offer offer : answer.offers()) {
      rows(text, offer);
    }
    text.append(
        "\nshare of input: cheapest that verdicts may name, and of all, $/M (scaled: by the roofline"
            + " from what was measured); Bedrock\n");
    for (Answer.Mix mix : answer.mixes()) {
      text.append(mix(mix)).append('\n');
    }
    text.append('\n');
    answer.verdict().forEach(sentence -> text.append(sentence).append('\n'));
    return text.toString();
  }

  private static void line(StringBuilder text, String... cells) {
    String line =
        String.format(
            Locale.ROOT, "%-15s %-8s %9s %8s %11s %9s %9s %9s %9s %9s %14s  %s", (Object[]) cells);
    text.append(line.stripTrailing()).append('\n');
  }

  private void rows(StringBuilder text, Offer offer) {
    Hourly hourly = offer.hourly();
    String price = hourly == null ? "none" : String.format(Locale.ROOT, "%.4f", hourly.usd());
    List<Offer.Level> levels = offer.levels(question);
    if (levels.isEmpty()) {
      line(
          text,
          offer.instance().type(),
          offer.basis(),
          price,
          "-",
          "-",
          "-",
          "-",
          "-",
          "-",
          "-",
          "-",
          standing(offer));
      return;
    }
    Double bedrock = question.bedrockPerMillion(offer.traffic());
    boolean first = true;
    for (Offer.Level level : levels) {
      line(
          text,
          first ? offer.instance().type() : "",
          first ? offer.basis() : "",
          first ? price : "",
          level.load(),
          String.format(Locale.ROOT, "%,.0f", level.rates().all()),
          dollars(level.cost().input()),
          dollars(level.cost().output()),
          level.rates().cached() > 0 ? dollars(level.cost().cached()) : "-",
          dollars(level.cost().blended()),
          bedrock == null ? "-" : dollars(bedrock),
          first ? even(offer) : "",
          first ? standing(offer) : "");
      first = false;
    }
  }

  private static String dollars(double usd) {
    return String.format(Locale.ROOT, usd < 100 ? "%.3f" : "%,.0f", usd);
  }

  private String even(Offer offer) {
    if (question.bedrock() == null) {
      return "-";
    }
    return offer
        .breakEven(question)
        .map(even -> String.format(Locale.ROOT, "%,.0f", even.tokensPerMonth() / MILLION))
        .orElse("never");
  }

  /** Whether it is served, and what keeps it from counting. */
  String standing(Offer offer) {
    String state = offer.standing().state().word();
    String reason = offer.standing().reason();
    String told =
        (reason.isEmpty() ? state : state + ": " + reason)
            + offer.wrongPromise(question).map(wrong -> "; " + wrong).orElse("");
    boolean tooSlow = offer.most() == null && !state.equals("too-large");
    return tooSlow ? told + "; breaks the promise even alone" : told;
  }

  private String mix(Answer.Mix mix) {
    Double bedrock = question.bedrockPerMillion(mix.traffic());
    return String.format(
        Locale.ROOT,
        "%4.0f%%  %-34s %-34s %s",
        100 * mix.inputShare(),
        mix.answer().cheapest().map(this::named).orElse("none"),
        mix.answer().cheapestOfAll().map(this::named).orElse("none"),
        bedrock == null ? "-" : dollars(bedrock));
  }

  private String named(Offer offer) {
    return "%s %s %s"
        .formatted(
            offer.instance().type(), dollars(offer.usualPerMillion(question)), offer.basis());
  }

  /** The settings of the result. */
  Map<String, Object> shape() {
    Map<String, Object> shape = new LinkedHashMap<>();
    shape.put("model", question.model());
    shape.put("quantization", question.work().quantization().word());
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
