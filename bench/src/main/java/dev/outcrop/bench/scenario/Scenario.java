package dev.outcrop.bench.scenario;

import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a load is.
 *
 * @param name its name
 * @param description one line on it
 * @param evidence false where it is only to see that all works
 * @param arrivals when requests come
 * @param shape what they are like
 * @param extent how long requests of a point count
 * @param warmup how long requests before do not
 * @param repeats how often every point is measured
 * @param seed draws everything; null for another one each time
 * @param slo what makes a request good
 * @param timeout a request that takes longer, from when it was due, has failed
 * @param ignoreEos whether answers go on to their full length; for servers that have such an option
 * @param temperature of the sampling
 * @param source the file as it was read, for the result
 */
public record Scenario(
    String name,
    String description,
    boolean evidence,
    Arrivals arrivals,
    Shape shape,
    Extent extent,
    Extent warmup,
    int repeats,
    @Nullable Long seed,
    Slo slo,
    Duration timeout,
    boolean ignoreEos,
    double temperature,
    Map<String, Object> source) {

  /** The same with what a command line says. */
  public Scenario with(Arrivals otherArrivals, int otherRepeats, @Nullable Long otherSeed) {
    return new Scenario(
        name,
        description,
        evidence,
        otherArrivals,
        shape,
        extent,
        warmup,
        otherRepeats,
        otherSeed,
        slo,
        timeout,
        ignoreEos,
        temperature,
        source);
  }
}
