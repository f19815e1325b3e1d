package dev.outcrop.serving.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.outcrop.serving.plan.BreakEven;
import dev.outcrop.serving.plan.CapacityPlan;
import dev.outcrop.serving.plan.CapacityPlan.Range;
import dev.outcrop.serving.plan.CapacityPlan.Row;
import dev.outcrop.serving.plan.Estimate;
import dev.outcrop.serving.plan.Layout;
import dev.outcrop.serving.plan.Share;
import dev.outcrop.serving.prices.BedrockPrice;
import dev.outcrop.serving.prices.Prices;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A capacity plan for people and for programs. */
final class PlanReport {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
  private static final double GIGA = 1e9;
  private static final double MILLION = 1e6;
  private static final double MILLIS = 1e3;

  private final String model;
  private final CapacityPlan plan;
  private final CapacityPlan.Need need;
  private final @Nullable BedrockPrice bedrock;
  private final Prices prices;

  PlanReport(String model, CapacityPlan plan, @Nullable BedrockPrice bedrock, Prices prices) {
    this.model = model;
    this.plan = plan;
    this.need = plan.need();
    this.bedrock = bedrock;
    this.prices = prices;
  }

  /** A line for each assumption, a row for each type, the verdict. */
  String table() {
    StringBuilder text = new StringBuilder();
    line(
        text,
        String.format(
            Locale.ROOT,
            "%s: %.2f billion parameters (%.2f a token), weights %.1f GB (%s), KV %d KiB a token",
            model,
            need.work().size().parameters() / GIGA,
            need.work().size().active() / GIGA,
            need.work().weightBytes() / GIGA,
            need.work().held(),
            need.work().kvBytesPerToken() / 1_024));
    line(
        text,
        String.format(
            Locale.ROOT,
            "%.1f M tokens a day, %.0f %% input, requests of %.0f tokens, %.0f %% of input cached; peak %.1fx at %.0f %% of capacity; %s ms",
            need.tokensPerDay() / MILLION,
            100 * need.traffic().inputShare(),
            need.traffic().tokens(),
            100 * need.traffic().cachedShare(),
            need.peakFactor(),
            100 * need.utilisation(),
            need.slo().text()));
    line(
        text,
        String.format(
            Locale.ROOT,
            "computed, not measured: engines reach %.0f %% of bandwidth and arithmetic (range: %.0f to %.0f %%), weights and KV %.0f %% of memory; TTFT without a queue; prices %s, %s",
            100 * need.share().bandwidth(),
            100 * Share.LOW.bandwidth(),
            100 * Share.HIGH.bandwidth(),
            100 * Layout.USABLE,
            need.purchase().word(),
            prices.date()));
    text.append('\n');
    line(
        text,
        String.format(
            Locale.ROOT,
            "%-15s %9s %10s %6s %5s %8s %7s  %-24s %12s  %s",
            "instance",
            "$/h",
            "instances",
            "repl.",
            "batch",
            "TTFT ms",
            "TPOT ms",
            "$/month (range)",
            "break-even",
            "served today?"));
    plan.rows().forEach(row -> row(text, row));
    text.append('\n');
    verdict().forEach(sentence -> line(text, sentence));
    return text.toString();
  }

  private static void line(StringBuilder text, String line) {
    text.append(line.stripTrailing()).append('\n');
  }

  private void row(StringBuilder text, Row row) {
    Estimate estimate = row.estimate();
    var hourly = row.hourly();
    var size = row.size();
    line(
        text,
        String.format(
            Locale.ROOT,
            "%-15s %9s %10s %6s %5s %8s %7s  %-24s %12s  %s",
            row.instance().type(),
            hourly == null ? "no price" : String.format(Locale.ROOT, "%.4f", hourly.usd()),
            size == null ? "-" : String.valueOf(size.instances()),
            size == null ? "-" : String.valueOf(size.replicas()),
            estimate == null ? "-" : String.valueOf(estimate.batch()),
            estimate == null ? "-" : String.format(Locale.ROOT, "%.0f", estimate.ttft() * MILLIS),
            estimate == null ? "-" : String.format(Locale.ROOT, "%.1f", estimate.tpot() * MILLIS),
            range(row.usd()),
            breakEven(row),
            standing(row)));
  }

  private static String range(@Nullable Range usd) {
    if (usd == null) {
      return "-";
    }
    Double high = usd.high();
    return String.format(
        Locale.ROOT,
        "%,.0f (%,.0f to %s)",
        usd.likely(),
        usd.low(),
        high == null ? "no SLO" : String.format(Locale.ROOT, "%,.0f", high));
  }

  private String breakEven(Row row) {
    BreakEven even = row.breakEven();
    if (even != null) {
      return String.format(Locale.ROOT, "%,.0f M/mo", even.tokensPerMonth() / MILLION);
    }
    return row.usd() != null && plan.bedrockUsd() != null ? "never" : "-";
  }

  private static String standing(Row row) {
    String state = row.standing().state().word();
    String reason = row.standing().reason();
    if (row.estimate() == null && reason.isEmpty()) {
      return "breaks the SLO";
    }
    String broken = row.estimate() == null && !state.equals("too-large") ? "; breaks the SLO" : "";
    return reason.isEmpty() ? state : state + ": " + reason + broken;
  }

  /** What follows, sentence by sentence. */
  List<String> verdict() {
    Double list = plan.bedrockUsd();
    String theirs =
        list == null || bedrock == null
            ? "No price of Bedrock is known for this model: --bedrock-model names one."
            : String.format(
                Locale.ROOT,
                "Bedrock on demand: $%,.0f a month (%s, %.2f in and %.2f out a million; source %s of %s%s).",
                list,
                bedrock.id(),
                bedrock.input(),
                bedrock.output(),
                bedrock.source().name(),
                bedrock.source().date(),
                bedrock.checked() == null ? "" : ", checked " + bedrock.checked());
    String ours =
        plan.cheapest()
            .map(row -> "Cheapest that Outcrop serves today: " + sentence(row, list))
            .orElse(
                "Outcrop serves this model on none of these instances today, so there is no verdict.");
    String would =
        plan.cheapestOfAll()
            .filter(row -> !row.counts())
            .map(
                row ->
                    "If it did, the cheapest would be "
                        + sentence(row, list)
                        + " But: "
                        + row.standing().reason()
                        + ".")
            .orElse("");
    String rule =
        String.format(
            Locale.ROOT,
            "The usual rule of thumb is to leave per-token prices at $%,.0f a month.",
            BreakEven.RULE_OF_THUMB);
    return List.of(theirs, ours, would, rule).stream().filter(each -> !each.isEmpty()).toList();
  }

  private static String sentence(Row row, @Nullable Double list) {
    Range usd = row.usd();
    var size = row.size();
    if (usd == null || size == null) {
      throw new IllegalStateException("only rows with a price are compared");
    }
    String cost =
        String.format(
            Locale.ROOT,
            "%d x %s, $%,.0f a month",
            size.instances(),
            row.instance().type(),
            usd.likely());
    if (list == null) {
      return cost + ".";
    }
    BreakEven even = row.breakEven();
    return cost
        + (usd.likely() < list ? ", less than Bedrock" : ", not less than Bedrock")
        + (even == null
            ? "; no load breaks even."
            : String.format(
                Locale.ROOT,
                "; first breaks even at %,.0f M tokens, $%,.0f a month%s.",
                even.tokensPerMonth() / MILLION,
                even.usdPerMonth(),
                settled(even)));
  }

  private static String settled(BreakEven even) {
    double tokens = even.settledTokensPerMonth();
    if (tokens <= even.tokensPerMonth()) {
      return ", for good";
    }
    return Double.isInfinite(tokens)
        ? ""
        : String.format(Locale.ROOT, ", for good from %,.0f M on", tokens / MILLION);
  }

  /** The same as JSON; every key says its unit. */
  String json() {
    Map<String, @Nullable Object> all = new LinkedHashMap<>();
    all.put("model", model);
    all.put("computed", true);
    all.put("parameters", need.work().size().parameters());
    all.put("parametersPerToken", need.work().size().active());
    all.put("weightBytes", Math.round(need.work().weightBytes()));
    all.put("kvBytesPerToken", need.work().kvBytesPerToken());
    all.put("quantization", need.work().held());
    all.put("tokensPerDay", need.tokensPerDay());
    all.put("inputShare", need.traffic().inputShare());
    all.put("cachedShare", need.traffic().cachedShare());
    all.put("requestTokens", need.traffic().tokens());
    all.put("slo", need.slo().text());
    all.put("peakFactor", need.peakFactor());
    all.put("utilisation", need.utilisation());
    all.put("assumedShareOfBandwidth", need.share().bandwidth());
    all.put("assumedShareOfArithmetic", need.share().flops());
    all.put("usableShareOfMemory", Layout.USABLE);
    all.put("zones", need.zones());
    all.put("minPerZone", need.minPerZone());
    all.put("fixedUsdPerMonth", need.fixedUsd());
    all.put("purchase", need.purchase().word());
    all.put("pricesDate", prices.date());
    all.put("bedrockUsdPerMonth", plan.bedrockUsd());
    all.put("bedrockPriceSource", bedrock == null ? null : bedrock.source().what());
    all.put("instances", plan.rows().stream().map(PlanReport::fields).toList());
    all.put("verdict", verdict());
    try {
      return JSON.writeValueAsString(all);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a plan is plain data and always prints", e);
    }
  }

  private static Map<String, @Nullable Object> fields(Row row) {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    fields.put("instance", row.instance().type());
    fields.put("standing", row.standing().state().word());
    fields.put("reason", row.standing().reason());
    var hourly = row.hourly();
    fields.put("usdPerHour", hourly == null ? null : hourly.usd());
    fields.put("priceSource", hourly == null ? null : hourly.source().what());
    fields.put("priceDate", hourly == null ? null : hourly.source().date());
    Estimate estimate = row.estimate();
    if (estimate != null) {
      fields.put("devicesPerReplica", estimate.layout().devicesPerReplica());
      fields.put("batch", estimate.batch());
      fields.put("ttftMillis", estimate.ttft() * MILLIS);
      fields.put("tpotMillis", estimate.tpot() * MILLIS);
      fields.put("tokensPerSecond", estimate.rates().all());
    }
    var size = row.size();
    if (size != null) {
      fields.put("instances", size.instances());
      fields.put("replicas", size.replicas());
    }
    Range usd = row.usd();
    if (usd != null) {
      fields.put("usdPerMonth", usd.likely());
      fields.put("usdPerMonthLow", usd.low());
      fields.put("usdPerMonthHigh", usd.high());
    }
    BreakEven even = row.breakEven();
    fields.put("breakEvenTokensPerMonth", even == null ? null : even.tokensPerMonth());
    fields.put("breakEvenUsdPerMonth", even == null ? null : even.usdPerMonth());
    boolean settles = even != null && Double.isFinite(even.settledTokensPerMonth());
    fields.put(
        "breakEvenSettledTokensPerMonth",
        even != null && settles ? (Double) even.settledTokensPerMonth() : null);
    return fields;
  }
}
