package dev.outcrop.bench.scheduler;

import java.util.Collection;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.ScalarResult;

/**
 * Brings what {@link SteadyLoad} counted out of the JVM that JMH forks, once an iteration. JMH's
 * own GC profiler would count the bytes of the new prompts as well, which no step allocates.
 */
public final class LoadProfiler implements InternalProfiler {
  /** Bytes that plan and apply of a step allocate. */
  public static final String BYTES = "bytesPerStep";

  static final String ADD = "addMicrosPerStep";
  static final String TOKENS = "tokensPerStep";
  static final String RUNNING = "running";
  static final String WAITING = "waiting";
  static final String ENDED = "endedPerStep";
  static final String KV = "kvReferenced";
  static final String HITS = "prefixHits";

  static final List<String> FIGURES =
      List.of(BYTES, ADD, TOKENS, RUNNING, WAITING, ENDED, KV, HITS);

  private static volatile @Nullable SteadyLoad watched;

  /** JMH makes it. */
  public LoadProfiler() {}

  static void watch(SteadyLoad load) {
    watched = load;
  }

  @Override
  public String getDescription() {
    return "what the scheduler was loaded with";
  }

  @Override
  public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {
    SteadyLoad load = watched;
    if (load != null) { // the first iteration fills the house
      load.tally().clear();
    }
  }

  @Override
  public Collection<ScalarResult> afterIteration(
      BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
    SteadyLoad load = Objects.requireNonNull(watched);
    SteadyLoad.Tally tally = load.tally();
    var counts = load.scheduler().counts();
    double steps = tally.steps;
    return List.of(
        figure(BYTES, tally.bytes / steps),
        figure(ADD, tally.addNanos / steps / 1e3),
        figure(TOKENS, tally.tokens / steps),
        figure(RUNNING, tally.running / steps),
        figure(WAITING, tally.waiting / steps),
        figure(ENDED, tally.ended / steps),
        figure(KV, tally.referencedUnits / steps / load.scheduler().kv().units()),
        figure(HITS, (double) counts.cachedTokens() / counts.lookedUpTokens()));
  }

  private static ScalarResult figure(String name, double value) {
    return new ScalarResult(name, value, "", AggregationPolicy.AVG);
  }
}
