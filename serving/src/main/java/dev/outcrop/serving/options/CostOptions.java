package dev.outcrop.serving.options;

import dev.outcrop.models.loading.Quantization;
import dev.outcrop.serving.plan.ModelWork;
import dev.outcrop.serving.plan.Presets;
import dev.outcrop.serving.plan.Share;
import dev.outcrop.serving.plan.Slo;
import dev.outcrop.serving.prices.BedrockPrice;
import dev.outcrop.serving.prices.Prices;
import dev.outcrop.serving.prices.Purchase;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What {@code plan} and {@code bench dollars} both ask: the model, its promise and its prices. */
public final class CostOptions {
  private static final int MOST_COUNT = 1_000;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR|ID",
      description =
          "A folder of which config.json is read, or the id of a model known by its shape")
  private String model = "";

  @Option(
      names = "--bedrock-model",
      paramLabel = "ID",
      description = "Whose price on Bedrock to compare with (--model where it is an id)")
  private @Nullable String bedrockModel;

  @Option(
      names = "--quantization",
      defaultValue = "none",
      description = "How weights are held: ${COMPLETION-CANDIDATES} (${DEFAULT-VALUE})")
  private Quantization quantization = Quantization.NONE;

  @Option(
      names = "--slo",
      defaultValue = "ttft=2000,tpot=100",
      paramLabel = "ttft=MILLIS,tpot=MILLIS",
      description =
          "What clients are promised; who breaks it is left out of verdicts (${DEFAULT-VALUE})")
  private String slo = "";

  @Option(
      names = "--share",
      description =
          "Share of bandwidth and arithmetic that engines reach, where it is computed"
              + " (${DEFAULT-VALUE})")
  private double share = Share.DEFAULT.bandwidth();

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
      names = "--zones",
      description = "Zones that have to serve by themselves (${DEFAULT-VALUE})")
  private int zones;

  @Option(
      names = "--min-per-zone",
      defaultValue = "1",
      description = "Replicas in each zone at least (${DEFAULT-VALUE})")
  private int minPerZone;

  @Option(
      names = "--prices",
      paramLabel = "FILE",
      description = "A price file over the built-in one")
  private @Nullable Path pricesFile;

  /**
   * The options of a command.
   *
   * @param zones how many zones there are where nobody says
   */
  public CostOptions(int zones) {
    this.zones = zones;
  }

  /** Refuses what is out of bounds. */
  public void check(Bounds bounds) {
    bounds.within("--share", share, 0.01, 1);
    bounds.within("--fixed-usd-per-month", fixedUsd, 0, 1e12);
    bounds.within("--zones", zones, 1, MOST_COUNT);
    bounds.within("--min-per-zone", minPerZone, 1, MOST_COUNT);
  }

  /** The folder or the id. */
  public String model() {
    return model;
  }

  /** The model's bytes and operations, from its config.json or from the shape that comes along. */
  public ModelWork work() {
    return ModelWork.of(Presets.config(model), quantization);
  }

  /** The price table. */
  public Prices prices() {
    return Prices.read(pricesFile);
  }

  /** The price on Bedrock to compare with; null where the model that is asked for has none. */
  public @Nullable BedrockPrice bedrock(Bounds bounds, Prices prices) {
    BedrockPrice price = prices.bedrock(bedrockModel == null ? model : bedrockModel).orElse(null);
    bounds.that(
        price != null || bedrockModel == null,
        "--bedrock-model %s is not in the price table".formatted(bedrockModel));
    return price;
  }

  /** What clients are promised. */
  public Slo slo(Bounds bounds) {
    try {
      return Slo.parse(slo);
    } catch (IllegalArgumentException e) {
      throw bounds.wrong("--slo " + e.getMessage());
    }
  }

  /** What engines reach of a device. */
  public Share share() {
    return new Share(share, share);
  }

  /** How instances are paid for. */
  public Purchase purchase() {
    return purchase;
  }

  /** What is paid a month whatever the load is. */
  public double fixedUsd() {
    return fixedUsd;
  }

  /** Zones that have to serve by themselves. */
  public int zones() {
    return zones;
  }

  /** Replicas in each zone at least. */
  public int minPerZone() {
    return minPerZone;
  }
}
