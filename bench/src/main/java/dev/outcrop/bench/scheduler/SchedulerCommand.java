package dev.outcrop.bench.scheduler;

import dev.outcrop.bench.options.JmhOptions;
import dev.outcrop.bench.report.Run;
import dev.outcrop.serving.options.Bounds;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.util.Statistics;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code outcrop bench scheduler}: what a step costs beside the engine. */
@Command(
    name = "scheduler",
    description =
        "Times plan and apply of a step of a full scheduler with JMH, counts the bytes they"
            + " allocate, and compares the throughput of fair order with that of arrival.",
    mixinStandardHelpOptions = true)
public final class SchedulerCommand implements Callable<Integer> {
  private static final int REQUESTS_PER_ROW = 10;
  private static final int MOST_SEQUENCES = 10_000;

  @Option(
      names = "--sequences",
      defaultValue = "1000",
      description = "Sequences that run at a time; four times as many wait (${DEFAULT-VALUE})")
  private int sequences;

  @Option(
      names = "--policy",
      defaultValue = "FAIR",
      description = "Order of the timed steps: ${COMPLETION-CANDIDATES} (${DEFAULT-VALUE})")
  private Policy policy = Policy.FAIR;

  @Option(
      names = "--compare",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description = "Compare the throughput of both policies; --no-compare leaves it out")
  private boolean compare;

  @Mixin private final JmhOptions jmh = new JmhOptions(4, 1);

  @Spec private @Nullable CommandSpec spec;

  /** For picocli. */
  public SchedulerCommand() {}

  @Override
  public Integer call() throws RunnerException {
    Bounds bounds = new Bounds(spec);
    bounds.within("--sequences", sequences, 1, MOST_SEQUENCES);
    jmh.check(bounds);
    Run run = Run.begin("scheduler");
    Map<String, Number> headline = new LinkedHashMap<>();
    Map<String, Number> point = new LinkedHashMap<>();
    steps(headline, point);
    if (compare) {
      compare(headline, point);
    }
    run.print(described(), jmh.repeats(), units(), List.of(point), headline);
    return 0;
  }

  private void steps(Map<String, Number> headline, Map<String, Number> point)
      throws RunnerException {
    RunResult result =
        JmhOptions.run(
            jmh.of(SchedulerSteps.class, "step")
                .param("sequences", Integer.toString(sequences))
                .param("policy", policy.name())
                .addProfiler(LoadProfiler.class));
    Statistics times = result.getPrimaryResult().getStatistics();
    headline.put("p50Micros", times.getPercentile(50));
    headline.put("p99Micros", times.getPercentile(99));
    for (String name : LoadProfiler.FIGURES) {
      Map<String, Number> place = name.equals(LoadProfiler.BYTES) ? headline : point;
      place.put(
          name, Objects.requireNonNull(result.getSecondaryResults().get(name), name).getScore());
    }
    point.put("meanMicros", times.getMean());
    point.put("p90Micros", times.getPercentile(90));
    point.put("p999Micros", times.getPercentile(99.9));
    point.put("maxMicros", times.getMax());
    point.put("steps", times.getN());
  }

  private void compare(Map<String, Number> headline, Map<String, Number> point) {
    int requests = REQUESTS_PER_ROW * sequences;
    FairnessCost.of(Policy.FAIR, sequences, requests / 4);
    FairnessCost.Throughput byArrival = FairnessCost.of(Policy.FCFS, sequences, requests);
    FairnessCost.Throughput fair = FairnessCost.of(Policy.FAIR, sequences, requests);
    headline.put("fairTokensPerSecond", fair.tokensPerSecond());
    headline.put("fcfsTokensPerSecond", byArrival.tokensPerSecond());
    headline.put("fairnessCost", 1 - fair.tokensPerSecond() / byArrival.tokensPerSecond());
    point.put("fairTraceMicros", fair.hostMicros());
    point.put("fcfsTraceMicros", byArrival.hostMicros());
  }

  private Map<String, Object> described() {
    Map<String, Object> described = new LinkedHashMap<>();
    described.put("sequences", sequences);
    described.put("policy", policy.name());
    described.put("tenants", Tenancy.TENANTS);
    described.put("promptTokens", Tenancy.PROMPT);
    described.put("sharedPromptTokens", Tenancy.SHARED);
    jmh.describe(described);
    return described;
  }

  private static Map<String, String> units() {
    Map<String, String> units = new LinkedHashMap<>();
    units.put("p50Micros", "us of plan and apply of one step, median");
    units.put("p99Micros", "us, 99 of 100 steps are faster");
    units.put("bytesPerStep", "bytes that plan and apply allocate");
    units.put("fairTokensPerSecond", "completion tokens/s of a trace, engine time simulated");
    units.put("fcfsTokensPerSecond", "the same, first come first served");
    units.put("fairnessCost", "share of the throughput of first come first served");
    units.put("meanMicros", "us");
    units.put("p90Micros", "us");
    units.put("p999Micros", "us");
    units.put("maxMicros", "us");
    units.put("steps", "steps timed");
    units.put(LoadProfiler.ADD, "us per step to queue the new sequences, not in the figures above");
    units.put(LoadProfiler.TOKENS, "tokens per step");
    units.put(LoadProfiler.RUNNING, "sequences per step");
    units.put(LoadProfiler.WAITING, "sequences");
    units.put(LoadProfiler.ENDED, "sequences per step");
    units.put(LoadProfiler.KV, "share of the KV units that running sequences hold");
    units.put(LoadProfiler.HITS, "share of prompt tokens found in the prefix cache");
    units.put("fairTraceMicros", "us of plan and apply in the trace, median");
    units.put("fcfsTraceMicros", "the same, first come first served");
    return units;
  }
}
