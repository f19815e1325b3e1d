package dev.outcrop.serving.cli;

import dev.outcrop.models.loading.Quantization;
import dev.outcrop.serving.plan.CapacityPlan;
import dev.outcrop.serving.plan.ModelWork;
import dev.outcrop.serving.plan.Presets;
import dev.outcrop.serving.plan.Share;
import dev.outcrop.serving.plan.Slo;
import dev.outcrop.serving.plan.Traffic;
import dev.outcrop.serving.prices.BedrockPrice;
import dev.outcrop.serving.prices.Instance;
import dev.outcrop.serving.prices.Prices;
import dev.outcrop.serving.prices.Purchase;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
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
  private static final int MOST_COUNT = 1_000;

  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR|ID",
      description = "A checkpoint folder, of which only config.json is read, or a known model's id")
  private String model = "";

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
      names = "--slo",
      defaultValue = "ttft=2000,tpot=100",
      paramLabel = "ttft=MILLIS,tpot=MILLIS",
      description = "What clients are promised (${DEFAULT-VALUE})")
  private String slo = "";

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
      names = "--share",
      defaultValue = "0.4",
      description = "Share of bandwidth and arithmetic that engines reach (${DEFAULT-VALUE})")
  private double share;

  @Option(
      names = "--zones",
      defaultValue = "2",
      description = "Zones that have to serve by themselves (${DEFAULT-VALUE})")
  private int zones;

  @Option(
      names = "--min-per-zone",
      defaultValue = "1",
      description = "Replicas in each zone at least (${DEFAULT-VALUE})")
  private int minPerZone;

  @Option(
      names = "--instance",
      split = ",",
      paramLabel = "TYPE",
      description = "Only these types (all of the price table)")
  private List<String> types = new ArrayList<>();

  @Option(
      names = "--quantization",
      defaultValue = "none",
      description = "How weights are held: ${COMPLETION-CANDIDATES} (${DEFAULT-VALUE})")
  private Quantization quantization = Quantization.NONE;

  @Option(
      names = "--purchase",
      defaultValue = "on-demand",
      description = "How instances are paid for: ${COMPLETION-CANDIDATES} (${DEFAULT-VALUE})")
  private Purchase purchase = Purchase.ON_DEMAND;

  @Option(
      names = "--fixed-usd-per-month",
      defaultValue = "0",
      description = "Paid whatever the load is: control plane, people (${DEFAULT-VALUE})")
  private double fixedUsd;

  @Option(
      names = "--bedrock-model",
      paramLabel = "ID",
      description = "Whose price on Bedrock to compare with (--model where it is an id)")
  private @Nullable String bedrockModel;

  @Option(
      names = "--prices",
      paramLabel = "FILE",
      description = "A price file over the built-in one")
  private @Nullable Path pricesFile;

  @Override
  public Integer call() {
    within("--input-share", inputShare, 0, 1);
    within("--cached-share", cachedShare, 0, 0.999);
    within("--request-tokens", requestTokens, 2, 1e7);
    within("--peak-factor", peakFactor, 1, 1_000);
    within("--utilisation", utilisation, 0.01, 1);
    within("--share", share, 0.01, 1);
    within("--zones", zones, 1, MOST_COUNT);
    within("--min-per-zone", minPerZone, 1, MOST_COUNT);
    within("--fixed-usd-per-month", fixedUsd, 0, 1e12);
    Prices prices = Prices.read(pricesFile);
    CapacityPlan.Need need =
        new CapacityPlan.Need(
            ModelWork.of(Presets.config(model), quantization),
            new Traffic(requestTokens / 2, requestTokens / 2, cachedShare)
                .withInputShare(inputShare),
            promised(),
            tokens(),
            peakFactor,
            utilisation,
            new Share(share, share),
            zones,
            minPerZone,
            fixedUsd,
            purchase);
    BedrockPrice bedrock = bedrock(prices);
    CapacityPlan plan = CapacityPlan.of(need, instances(prices), bedrock);
    PlanReport report = new PlanReport(model, plan, bedrock, prices);
    System.err.print(report.table());
    System.out.println(report.json());
    return 0;
  }

  private Slo promised() {
    try {
      return Slo.parse(slo);
    } catch (IllegalArgumentException e) {
      throw usage("--slo " + e.getMessage());
    }
  }

  private double tokens() {
    Matcher form = TOKENS.matcher(tokensPerDay.strip().toUpperCase(Locale.ROOT).replace("_", ""));
    if (!form.matches()) {
      throw usage("--tokens-per-day must be a number such as 250M or 1.5B, was " + tokensPerDay);
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
    within("--tokens-per-day", tokens, 1, MOST_TOKENS);
    return tokens;
  }

  private Collection<Instance> instances(Prices prices) {
    if (types.isEmpty()) {
      return prices.instances();
    }
    List<Instance> chosen = new ArrayList<>();
    for (String type : types) {
      chosen.add(
          prices
              .instance(type.strip())
              .orElseThrow(() -> usage("--instance %s is not in the price table".formatted(type))));
    }
    return chosen;
  }

  private @Nullable BedrockPrice bedrock(Prices prices) {
    if (bedrockModel == null) {
      return prices.bedrock(model).orElse(null);
    }
    return prices
        .bedrock(bedrockModel)
        .orElseThrow(
            () -> usage("--bedrock-model %s is not in the price table".formatted(bedrockModel)));
  }

  private void within(String option, double value, double low, double high) {
    if (!(value >= low && value <= high)) {
      throw usage(
          "%s must be between %s and %s, was %s"
              .formatted(option, number(low), number(high), number(value)));
    }
  }

  private static String number(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? String.valueOf((long) value)
        : String.valueOf(value);
  }

  private ParameterException usage(String message) {
    return new ParameterException(Objects.requireNonNull(spec).commandLine(), message);
  }
}
