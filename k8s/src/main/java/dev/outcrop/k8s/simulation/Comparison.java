package dev.outcrop.k8s.simulation;

import dev.outcrop.k8s.policy.PolicySettings;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.DoubleStream;

/**
 * Sets the policy against autoscaling by the number of waiting requests, with equal pod-hours: for
 * a threshold of the one, the other's prefill target is looked for that comes to as many. One
 * thread.
 */
public final class Comparison {
  /** How far pod-hours may be apart to be called equal. */
  public static final double EQUAL = 0.02;

  private static final double LEAST = 0.2;
  private static final double MOST = 1;
  private static final double STEP = 0.01;
  private static final double FINEST = 0.002;

  private final Scenario scenario;
  private final Trace trace;
  private final Map<Double, Outcome> known = new HashMap<>();

  /** Compares what serves a trace. */
  public Comparison(Scenario scenario, Trace trace) {
    this.scenario = scenario;
    this.trace = trace;
  }

  /**
   * Both at about as many pod-hours.
   *
   * @param threshold requests that may wait for each replica
   * @param running requests that may run on each replica, 0 for any number
   * @param waiting what scaling by these does
   * @param prefillTarget the policy's share of time for prompts
   * @param policy what scaling by the policy does
   */
  public record Row(
      double threshold, double running, Outcome waiting, double prefillTarget, Outcome policy) {
    /** How many times as long p95 is with waiting requests as with the policy. */
    public double ratio() {
      return waiting.p95() / policy.p95();
    }

    /** By how much pod-hours of the policy are more, as a share. */
    public double apart() {
      return policy.podHours() / waiting.podHours() - 1;
    }

    /** Whether pod-hours are equal enough to compare. */
    public boolean equal() {
      return Math.abs(apart()) <= EQUAL;
    }
  }

  /** What scaling by waiting requests does, and by running ones where that is not 0. */
  public Outcome waiting(double threshold, double running) {
    return Simulation.run(scenario, trace, new WaitingScaler(threshold, running));
  }

  /** What scaling by the policy does with a share of time for prompts. */
  public Outcome policy(double prefillTarget) {
    return known.computeIfAbsent(
        prefillTarget, share -> Simulation.run(scenario, trace, new PolicyScaler(settings(share))));
  }

  /** Compares at one threshold of waiting requests, and of running ones where that is not 0. */
  public Row against(double threshold, double running) {
    Outcome waiting = waiting(threshold, running);
    double low = LEAST;
    double high = MOST;
    while (high - low > FINEST) { // pod-hours fall with the target, but for single replicas
      Row row = row(threshold, running, waiting, rounded((low + high) / 2));
      if (row.equal()) {
        return row;
      }
      low = row.apart() > 0 ? row.prefillTarget : low;
      high = row.apart() > 0 ? high : row.prefillTarget;
    }
    return DoubleStream.iterate(LEAST, share -> share <= MOST, share -> rounded(share + STEP))
        .mapToObj(share -> row(threshold, running, waiting, share))
        .min(Comparator.comparingDouble(row -> Math.abs(row.apart())))
        .orElseThrow();
  }

  private static double rounded(double share) {
    return Math.round(share * 1e3) / 1e3;
  }

  private Row row(double threshold, double running, Outcome waiting, double prefillTarget) {
    return new Row(threshold, running, waiting, prefillTarget, policy(prefillTarget));
  }

  private PolicySettings settings(double prefillTarget) {
    PolicySettings usual = PolicySettings.between(scenario.min(), scenario.max());
    PolicySettings.Targets targets = usual.targets();
    return new PolicySettings(
        usual.min(),
        usual.max(),
        new PolicySettings.Targets(
            Duration.ofMillis(Math.round(scenario.firstToken() * 1e3)),
            targets.kvUse(),
            prefillTarget,
            targets.prefillTokensPerSecond(),
            targets.knee(),
            targets.longestPrompt()),
        usual.up(),
        usual.down(),
        usual.correction(),
        usual.tolerance(),
        usual.silentShare());
  }
}
