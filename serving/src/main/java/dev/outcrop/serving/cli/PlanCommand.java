package dev.outcrop.serving.cli;

import dev.outcrop.serving.options.Bounds;
import dev.outcrop.serving.options.CostOptions;
import dev.outcrop.serving.plan.CapacityPlan;
import dev.outcrop.serving.plan.Traffic;
import dev.outcrop.serving.prices.BedrockPrice;
import dev.outcrop.serving.prices.Instance;
import dev.outcrop.serving.prices.Prices;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code outcrop plan}: instances and dollars for a load, before there are weights or machines. */
@Command(
    name = "plan",
    description = {
      "Computes from config.json how many instances a load takes and what they cost beside Bedrock.",
      "The table goes to stderr, JSON to stdout. Nothing is measured; every assumption is printed."
    },
    mixinStandardHelpOptions = true)
final class PlanCommand implements Callable<Integer> {
  private static final Pattern TOKENS = Pattern.compile("(\\d{1,15}(?:\\.\\d{1,6})?)([KMGBT]?)");
  private static final double MOST_TOKENS = 1e15;

  @Spec private @Nullable CommandSpec spec;

  @Mixin private final CostOptions cost = new CostOptions(2);

  @Option(
      names = "--tokens-per-day",
      required = true,
      paramLabel = "N",
      description = "Tokens in and out, such as 250M or 1.5B")
  private String tokensPerDay = "";

  @Option(
      names = "--input-share",
      defaultValue = "0.8",
      description = "Share of them that are input (${DEFAULT-VALUE})")
  private double inputShare;

  @Option(
      names = "--cached-share",
      defaultValue = "0",
      description = "Share of input that is found in the prefix cache (${DEFAULT-VALUE})")
  private double cachedShare;

  @Option(
      names = "--request-tokens",
      defaultValue = "1500",
      description = "Tokens of a mean request, in and out (${DEFAULT-VALUE})")
  private double requestTokens;

  @Option(
      names = "--peak-factor",
      defaultValue = "2",
      description = "The busiest hour over the mean one (${DEFAULT-VALUE})")
  private double peakFactor;

  @Option(
      names = "--utilisation",
      defaultValue = "0.6",
      description = "Share of its capacity that is used in that hour (${DEFAULT-VALUE})")
  private double utilisation;

  @Option(
      names = "--instance",
      split = ",",
      paramLabel = "TYPE",
      description = "Only these types (all of the price table)")
  private List<String> types = new ArrayList<>();

  @Override
  public Integer call() {
    Bounds bounds = new Bounds(spec);
    cost.check(bounds);
    bounds.within("--input-share", inputShare, 0, 1);
    bounds.within("--cached-share", cachedShare, 0, 0.999);
    bounds.within("--request-tokens", requestTokens, 2, 1e7);
    bounds.within("--peak-factor", peakFactor, 1, 1_000);
    bounds.within("--utilisation", utilisation, 0.01, 1);
    Prices prices = cost.prices();
    CapacityPlan.Need need =
        new CapacityPlan.Need(
            cost.work(),
            new Traffic(requestTokens / 2, requestTokens / 2, cachedShare)
                .withInputShare(inputShare),
            cost.slo(bounds),
            tokens(bounds),
            peakFactor,
            utilisation,
            cost.share(),
            cost.zones(),
            cost.minPerZone(),
            cost.fixedUsd(),
            cost.purchase());
    BedrockPrice bedrock = cost.bedrock(bounds, prices);
    CapacityPlan plan = CapacityPlan.of(need, instances(bounds, prices), bedrock);
    PlanReport report = new PlanReport(cost.model(), plan, bedrock, prices);
    System.err.print(report.table());
    System.out.println(report.json());
    return 0;
  }

  private double tokens(Bounds bounds) {
    Matcher form = TOKENS.matcher(tokensPerDay.strip().toUpperCase(Locale.ROOT).replace("_", ""));
    if (!form.matches()) {
      throw bounds.wrong(
          "--tokens-per-day must be a number such as 250M or 1.5B, was " + tokensPerDay);
    }
    double factor =
        switch (form.group(2)) {
          case "K" -> 1e3;
          case "M" -> 1e6;
          case "G", "B" -> 1e9;
          case "T" -> 1e12;
          default -> 1;
        };
    double tokens = Double.parseDouble(form.group(1)) * factor;
    bounds.within("--tokens-per-day", tokens, 1, MOST_TOKENS);
    return tokens;
  }

  private Collection<Instance> instances(Bounds bounds, Prices prices) {
    if (types.isEmpty()) {
      return prices.instances();
    }
    List<Instance> chosen = new ArrayList<>();
    for (String type : types) {
      chosen.add(
          prices
              .instance(type.strip())
              .orElseThrow(
                  () -> bounds.wrong("--instance %s is not in the price table".formatted(type))));
    }
    return chosen;
  }
}
