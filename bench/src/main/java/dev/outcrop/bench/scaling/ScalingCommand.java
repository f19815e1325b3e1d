package dev.outcrop.bench.scaling;

import dev.outcrop.bench.report.Run;
import dev.outcrop.k8s.policy.PolicySettings;
import dev.outcrop.k8s.simulation.Comparison;
import dev.outcrop.k8s.simulation.Outcome;
import dev.outcrop.k8s.simulation.Scenario;
import dev.outcrop.k8s.simulation.Scenario.Balancer;
import dev.outcrop.k8s.simulation.Trace;
import dev.outcrop.k8s.simulation.Trace.Load;
import dev.outcrop.serving.options.Bounds;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code outcrop bench scaling}: what the policy of replicas does to the time to first token. */
@Command(
    name = "scaling",
    description =
        "Simulates a workload that serves two traces, scaled by the policy of outcrop-signals and by"
            + " the number of requests, with equal pod-hours. Computed, not measured.",
    mixinStandardHelpOptions = true)
public final class ScalingCommand implements Callable<Integer> {
  private static final double LEAST_THRESHOLD = 0.01;
  private static final double MOST_THRESHOLD = 1_000;
  private static final int MOST_REPLICAS = 100;
  private static final double LEAST_BUDGET = 0.1;
  private static final double MOST_SECONDS = 3_600;
  private static final double USUAL_THRESHOLD = 5;

  @Option(
      names = "--thresholds",
      split = ",",
      defaultValue = "0.25,0.5,0.75,1,2,5,10,20",
      paramLabel = "N,...",
      description = "Waiting requests for each replica to scale by (${DEFAULT-VALUE})")
  private double[] thresholds = {};

  @Option(
      names = "--running",
      split = ",",
      defaultValue = "6,8,10,16",
      paramLabel = "N,...",
      description =
          "Running requests for each replica to scale by, beside five that wait (${DEFAULT-VALUE})")
  private double[] running = {};

  @Option(
      names = "--max",
      defaultValue = "16",
      description = "The most replicas of both (${DEFAULT-VALUE})")
  private int max;

  @Option(
      names = "--balancer",
      defaultValue = "LEAST_OUTSTANDING",
      description = "Who gets the next request: ${COMPLETION-CANDIDATES} (${DEFAULT-VALUE})")
  private Balancer balancer = Balancer.LEAST_OUTSTANDING;

  @Option(
      names = "--cold-start",
      defaultValue = "120",
      paramLabel = "SECONDS",
      description =
          "Until a replica serves; the policy is set to 120 whatever it is (${DEFAULT-VALUE})")
  private double coldStart;

  @Option(
      names = "--budget",
      defaultValue = "10",
      paramLabel = "SECONDS",
      description = "In which prompts are to have their first token (${DEFAULT-VALUE})")
  private double budget;

  @Option(
      names = "--load",
      defaultValue = "WAVE",
      description = "How the rate of requests changes: ${COMPLETION-CANDIDATES} (${DEFAULT-VALUE})")
  private Load load = Load.WAVE;

  @Option(
      names = "--seed",
      description = "Draw other traces in place of the committed ones, which are those of seed 7")
  private @Nullable Long seed;

  @Spec private @Nullable CommandSpec spec;

  /** For picocli. */
  public ScalingCommand() {}

  @Override
  public Integer call() {
    Bounds bounds = new Bounds(spec);
    bounds.within("--max", max, 1, MOST_REPLICAS);
    bounds.within("--cold-start", coldStart, 0, MOST_SECONDS);
    bounds.within("--budget", budget, LEAST_BUDGET, MOST_SECONDS);
    for (double threshold : thresholds) {
      bounds.within("--thresholds", threshold, LEAST_THRESHOLD, MOST_THRESHOLD);
    }
    for (double most : running) {
      bounds.within("--running", most, LEAST_THRESHOLD, MOST_THRESHOLD);
    }
    Run run = Run.begin("scaling");
    List<Map<String, Object>> results = new ArrayList<>();
    Map<String, Number> headline = new LinkedHashMap<>();
    for (Trace trace : traces()) {
      Comparison comparison = new Comparison(scenario(), trace);
      double usual = PolicySettings.Targets.DEFAULT.prefillUse();
      results.add(usual(trace, usual, comparison.policy(usual)));
      for (double threshold : thresholds) {
        Comparison.Row row = comparison.against(threshold, 0);
        results.add(result(trace, row));
        if (threshold == USUAL_THRESHOLD) {
          headline.put(trace.name() + "P95Ratio", rounded(row.ratio()));
        }
      }
      for (double most : running) {
        results.add(result(trace, comparison.against(USUAL_THRESHOLD, most)));
      }
    }
    run.print(described(), 1, units(), results, headline);
    return 0;
  }

  private Scenario scenario() {
    return Scenario.upTo(max, balancer).withColdStart(coldStart).withFirstToken(budget);
  }

  private List<Trace> traces() {
    if (seed == null && load == Load.WAVE) {
      return List.of(Trace.uniform(), Trace.mixed());
    }
    return List.of(
        Trace.drawn("uniform", seed(), false, load), Trace.drawn("mixed", seed(), true, load));
  }

  private long seed() {
    return seed == null ? Trace.SEED : seed;
  }

  private static Map<String, Object> usual(Trace trace, double prefillTarget, Outcome policy) {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("trace", trace.name());
    result.put("requests", trace.requests().size());
    result.put("prefillTarget", prefillTarget);
    put(result, "policy", policy);
    System.err.printf(
        Locale.ROOT,
        "%s: policy with prefill-target %s: %.1f pod-hours, TTFT p50 %.2f p95 %.2f p99 %.2f s%n",
        trace.name(),
        prefillTarget,
        policy.podHours(),
        policy.p50(),
        policy.p95(),
        policy.p99());
    return result;
  }

  private static Map<String, Object> result(Trace trace, Comparison.Row row) {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("trace", trace.name());
    result.put("threshold", row.threshold());
    if (row.running() > 0) {
      result.put("running", row.running());
    }
    put(result, "waiting", row.waiting());
    result.put("prefillTarget", rounded(row.prefillTarget()));
    put(result, "policy", row.policy());
    result.put("podHoursApart", rounded(row.apart()));
    result.put("p95Ratio", rounded(row.ratio()));
    System.err.printf(
        Locale.ROOT,
        "%s: waiting > %s%s: %.1f pod-hours, TTFT p50 %.2f p95 %.2f p99 %.2f s;"
            + " policy: %.1f pod-hours, %.2f %.2f %.2f s; p95 ratio %.1f%s%n",
        trace.name(),
        row.threshold(),
        row.running() > 0 ? " or running > " + row.running() : "",
        row.waiting().podHours(),
        row.waiting().p50(),
        row.waiting().p95(),
        row.waiting().p99(),
        row.policy().podHours(),
        row.policy().p50(),
        row.policy().p95(),
        row.policy().p99(),
        row.ratio(),
        row.equal() ? "" : " (pod-hours are not equal)");
    return result;
  }

  private static void put(Map<String, Object> result, String name, Outcome outcome) {
    result.put(name + "PodHours", rounded(outcome.podHours()));
    result.put(name + "P50Seconds", rounded(outcome.p50()));
    result.put(name + "P95Seconds", rounded(outcome.p95()));
    result.put(name + "P99Seconds", rounded(outcome.p99()));
    result.put(name + "P95ShortSeconds", rounded(outcome.p95Short()));
    result.put(name + "MostReplicas", outcome.mostReplicas());
  }

  private static double rounded(double value) {
    return Math.round(value * 1e3) / 1e3;
  }

  private Map<String, Object> described() {
    Map<String, Object> shape = new LinkedHashMap<>();
    Scenario scenario = scenario();
    shape.put("prefillTokensPerSecond", Math.round(scenario.device().prefillTokensPerSecond()));
    shape.put("kvTokens", scenario.device().kvTokens());
    shape.put("coldStartSeconds", scenario.coldStart());
    shape.put("firstTokenBudgetSeconds", scenario.firstToken());
    shape.put("minReplicas", scenario.min());
    shape.put("maxReplicas", scenario.max());
    shape.put("load", load.name().toLowerCase(Locale.ROOT));
    shape.put("balancer", balancer.name().toLowerCase(Locale.ROOT));
    shape.put("thresholds", Arrays.stream(thresholds).boxed().toList());
    shape.put("running", Arrays.stream(running).boxed().toList());
    shape.put("seed", seed == null && load == Load.WAVE ? "committed" : String.valueOf(seed()));
    return shape;
  }

  private static Map<String, String> units() {
    StringBuilder lines =
        new StringBuilder(
            """
            trace: uniform is prompts of about 4000 tokens, mixed has one in twenty of 50000
            requests: requests
            threshold: waiting requests for each replica
            running: running requests for each replica, where these count too
            prefillTarget: share of time for prompts that brings the policy to as many pod-hours
            podHoursApart: share by which pod-hours of the policy are more
            p95Ratio: ratio, p95 of scaling by waiting requests over that of the policy
            uniformP95Ratio: ratio at five waiting requests, uniform trace
            mixedP95Ratio: ratio at five waiting requests, mixed trace
            """);
    for (String name : List.of("waiting", "policy")) {
      lines.append(
          """
          #PodHours: hours of replicas
          #P50Seconds: s to the first token
          #P95Seconds: s
          #P99Seconds: s
          #P95ShortSeconds: s, prompts below 10000 tokens
          #MostReplicas: replicas
          """
              .replace("#", name));
    }
    return Run.units(lines.toString());
  }
}
