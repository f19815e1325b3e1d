package dev.outcrop.bench.scenario;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** When requests come. In an open loop they come by the clock, whoever is still served. */
public sealed interface Arrivals {
  /**
   * Open loop, requests independent of each other.
   *
   * @param rates requests per second, a point of the run each
   */
  record Poisson(List<Double> rates) implements Arrivals {}

  /**
   * Open loop, the time between requests drawn from a gamma distribution.
   *
   * @param rates requests per second on average, a point of the run each
   * @param burstiness the distribution's shape: 1 is Poisson, below 1 they come in bursts, above 1
   *     they come evenly
   */
  record Gamma(List<Double> rates, double burstiness) implements Arrivals {}

  /**
   * Open loop, at the times of a trace.
   *
   * @param file a CSV, logs of Bedrock model invocations, or a folder of these; null where the
   *     command line says it
   * @param speed 2 replays an hour in half an hour
   * @param model what the model ids of the trace's requests contain; empty for all of them
   */
  record Replay(@Nullable Path file, double speed, String model) implements Arrivals {}

  /**
   * Closed loop: so many users, each of whom asks again as soon as the answer is there.
   *
   * @param concurrency users, a point of the run each
   */
  record Closed(List<Integer> concurrency) implements Arrivals {}

  /** What came of the scenario and the command line, in words. */
  default String told() {
    return switch (this) {
      case Poisson(List<Double> rates) -> "Poisson at " + rates;
      case Gamma(List<Double> rates, double burstiness) ->
          "gamma at %s, burstiness %s".formatted(rates, burstiness);
      case Replay replay -> "replay %s times as fast".formatted(replay.speed());
      case Closed(List<Integer> concurrency) -> "users who wait, " + concurrency;
      case Saturate(int rates, int mostUsers) ->
          "up to %d users, then %d rates".formatted(mostUsers, rates);
    };
  }

  /** The name of the trace that is replayed, without its folder; empty for others. */
  default String traceName() {
    Path file = this instanceof Replay replay ? replay.file() : null;
    return file == null ? "" : String.valueOf(file.getFileName());
  }

  /**
   * One user alone, then twice as many each time until that brings no more throughput, then Poisson
   * arrivals at rates between the two.
   *
   * @param rates how many of these rates
   * @param mostUsers where doubling ends at the latest
   */
  record Saturate(int rates, int mostUsers) implements Arrivals {}
}
