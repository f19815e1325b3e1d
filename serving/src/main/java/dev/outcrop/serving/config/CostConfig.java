package dev.outcrop.serving.config;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the server's time costs, for metrics only. Where nothing here tells a price and none can be
 * found, there are no such metrics.
 *
 * @param hourlyUsd USD an hour of the whole node; 0 for what can be found
 * @param share the share of the node that this process has; 0 for its devices over the node's, or
 *     all of it where there are none
 * @param devices devices of the node that this process has; 0 for those that its models name
 * @param instanceType type of the instance; empty for what the node's labels say
 * @param purchase how the instance is paid for
 * @param pricesFile a price file over the built-in one; null for none
 * @param nodeApi whether to read the pod's Node from the Kubernetes API
 * @param prometheusUrl a Prometheus that has OpenCost's series; empty for none
 * @param refresh how often to look for another price
 * @param window how far back the price of a token counts
 * @param bedrockModels whose price on Bedrock stands beside which model, where ids do not tell
 */
public record CostConfig(
    double hourlyUsd,
    double share,
    int devices,
    String instanceType,
    Purchase purchase,
    @Nullable Path pricesFile,
    boolean nodeApi,
    String prometheusUrl,
    Duration refresh,
    Duration window,
    List<BedrockModelConfig> bedrockModels) {
  /** How an instance is paid for. */
  public enum Purchase {
    /** As the node's labels say, else on demand. */
    AUTO,
    /** By the second. */
    ON_DEMAND,
    /** For a year or three. */
    RESERVED,
    /** What may be taken away. */
    SPOT,
    /** Booked ahead for some days. */
    CAPACITY_BLOCK
  }

  /**
   * A model's price on Bedrock.
   *
   * @param id the id that the model is served under
   * @param as the id on Bedrock whose price is shown
   */
  public record BedrockModelConfig(String id, String as) {
    /** Nothing; a file names both. */
    public static final BedrockModelConfig DEFAULT = new BedrockModelConfig("", "");
  }

  private static final Duration MOST_WINDOW = Duration.ofDays(365); // before DEFAULT, which has one

  /** No price. */
  public static final CostConfig DEFAULT =
      new CostConfig(
          0,
          0,
          0,
          "",
          Purchase.AUTO,
          null,
          false,
          "",
          Duration.ofMinutes(10),
          Duration.ofHours(1),
          List.of());

  private static final double MOST_USD = 1e6;
  private static final int MOST_DEVICES = 1_024;

  /** Checks the values and copies the list. */
  public CostConfig {
    bedrockModels = List.copyOf(bedrockModels);
    Check.that(
        hourlyUsd >= 0 && hourlyUsd <= MOST_USD, "hourly-usd must be a number from 0 to 1000000");
    Check.that(share >= 0 && share <= 1, "share must be a number from 0 to 1");
    Check.range("devices", devices, 0, MOST_DEVICES);
    Check.that(
        prometheusUrl.isEmpty() || isHttp(prometheusUrl),
        "prometheus-url must be an http:// or https:// URL");
    Check.that(refresh.toSeconds() >= 1, "refresh must be at least 1s");
    Check.that(window.toSeconds() >= 1, "window must be at least 1s");
    Check.that(
        window.compareTo(MOST_WINDOW) <= 0,
        "window must be at most %dh, a year".formatted(MOST_WINDOW.toHours()));
  }

  private static boolean isHttp(String url) {
    try {
      URI uri = URI.create(url);
      return List.of("http", "https").contains(uri.getScheme()) && uri.getHost() != null;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /** The same with another price of the node. */
  public CostConfig withHourlyUsd(double usd) {
    return new CostConfig(
        usd,
        share,
        devices,
        instanceType,
        purchase,
        pricesFile,
        nodeApi,
        prometheusUrl,
        refresh,
        window,
        bedrockModels);
  }

  /** The same with a relative path taken from a folder. */
  CostConfig resolvedAgainst(Path folder) {
    return pricesFile == null
        ? this
        : new CostConfig(
            hourlyUsd,
            share,
            devices,
            instanceType,
            purchase,
            folder.resolve(pricesFile),
            nodeApi,
            prometheusUrl,
            refresh,
            window,
            bedrockModels);
  }
}
