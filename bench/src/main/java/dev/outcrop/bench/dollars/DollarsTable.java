package dev.outcrop.bench.dollars;

import dev.outcrop.serving.plan.Layout;
import dev.outcrop.serving.prices.BedrockPrice;
import dev.outcrop.serving.prices.Hourly;
import dev.outcrop.serving.prices.Mode;
import dev.outcrop.serving.prices.Prices;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** An answer as a table for people, with what it rests on. */
final class DollarsTable {
  private static final double MILLION = 1e6;
  private static final double GIGA = 1e9;

  private final Answer answer;
  private final Question question;
  private final Prices prices;
  private final List<MeasuredRun> runs;

  DollarsTable(Answer answer, Prices prices, List<MeasuredRun> runs) {
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
            question.work().held(),
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
  String text() {
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
}
