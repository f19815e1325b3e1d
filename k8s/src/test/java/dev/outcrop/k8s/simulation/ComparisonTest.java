package dev.outcrop.k8s.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.k8s.policy.PolicySettings;
import dev.outcrop.k8s.simulation.Scenario.Balancer;
import dev.outcrop.k8s.simulation.Trace.Load;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The figures of {@code outcrop bench scaling}, which are computed: no clock is in them. */
final class ComparisonTest {
  /** What comes to as many pod-hours as five waiting requests for each replica. */
  private static final double EQUAL_UNIFORM = 0.25;

  private static final double EQUAL_MIXED = 0.4;

  private static final Scenario SCENARIO = Scenario.upTo(16, Balancer.LEAST_OUTSTANDING);

  @Test
  void theCommittedTracesAreAsDrawn() {
    assertThat(Trace.uniform()).isEqualTo(Trace.drawn("uniform", Trace.SEED, false));
    assertThat(Trace.mixed()).isEqualTo(Trace.drawn("mixed", Trace.SEED, true));
  }

  @Test
  void oneInTwentyOfTheMixedPromptsIsLong() {
    long longOnes =
        Trace.mixed().requests().stream().filter(r -> r.promptTokens() == 50_000).count();
    assertThat((double) longOnes / Trace.mixed().requests().size()).isBetween(0.045, 0.055);
    assertThat(Trace.uniform().requests()).allMatch(r -> r.promptTokens() < 5_000);
  }

  @ParameterizedTest
  @EnumSource
  void isDeterministic(Balancer balancer) {
    Scenario scenario = Scenario.upTo(16, balancer);
    assertThat(new Comparison(scenario, Trace.mixed()).policy(0.7))
        .isEqualTo(new Comparison(scenario, Trace.mixed()).policy(0.7));
  }

  @Test
  void longPromptsWaitLessThanWithScalingByWaitingRequestsAtEqualPodHours() {
    Comparison comparison = new Comparison(SCENARIO, Trace.mixed());
    Outcome waiting = comparison.waiting(5, 0);
    Outcome policy = comparison.policy(EQUAL_MIXED);

    assertThat(policy.podHours() / waiting.podHours()).isBetween(0.98, 1.02);
    assertThat(waiting.p95() / policy.p95()).isGreaterThan(5);
    assertThat(waiting.p99() / policy.p99()).isGreaterThan(5);
  }

  /**
   * Prompts of one length were expected to fare alike. They do not: nothing waits while there are
   * enough replicas, so that scaling by waiting requests removes them and begins again.
   */
  @Test
  void shortPromptsDoToo() {
    Comparison comparison = new Comparison(SCENARIO, Trace.uniform());
    Outcome waiting = comparison.waiting(5, 0);
    Outcome policy = comparison.policy(EQUAL_UNIFORM);

    assertThat(policy.podHours() / waiting.podHours()).isBetween(0.98, 1.02);
    assertThat(waiting.p95() / policy.p95()).isGreaterThan(5);
  }

  /** A threshold that suits the trace, found by trial, does as well. */
  @Test
  void shortPromptsFareAlikeWhereTheThresholdSuitsThem() {
    Comparison.Row row = new Comparison(SCENARIO, Trace.uniform()).against(0.75, 0);

    assertThat(row.equal()).isTrue();
    assertThat(row.ratio()).isBetween(0.9, 1.1);
  }

  @Test
  void theDefaultPrefillTargetNeitherWastesNorStarves() {
    Outcome uniform = new Comparison(SCENARIO, Trace.uniform()).policy(0.7);
    Outcome mixed = new Comparison(SCENARIO, Trace.mixed()).policy(0.7);

    assertThat(uniform.p95()).isLessThan(3);
    assertThat(uniform.podHours()).isLessThan(8);
    assertThat(mixed.p95()).isLessThan(10); // a long prompt alone takes 7 s
    assertThat(mixed.podHours()).isLessThan(12);
  }

  @Test
  void replicasThatStartLaterThanThePolicyIsToldComeLate() {
    Outcome usual = new Comparison(SCENARIO, Trace.uniform()).policy(0.7);
    Outcome late = new Comparison(SCENARIO.withColdStart(300), Trace.uniform()).policy(0.7);

    assertThat(late.p95()).isGreaterThan(2 * usual.p95());
  }

  /** Also where that is as long as the window that the trend is read from. */
  @Test
  void itHelpsToTellThePolicyWhenReplicasStart() {
    Scenario late = SCENARIO.withColdStart(300);
    PolicySettings usual = PolicySettings.between(late.min(), late.max());
    PolicySettings.Up up = usual.up();
    PolicySettings told =
        new PolicySettings(
            usual.min(),
            usual.max(),
            usual.targets(),
            new PolicySettings.Up(
                up.factor(), up.replicas(), up.interval(), Duration.ofMinutes(5), up.patience()),
            usual.down(),
            usual.correction(),
            usual.silentShare());

    assertThat(Simulation.run(late, Trace.uniform(), new PolicyScaler(told)).p95())
        .isLessThan(Simulation.run(late, Trace.uniform(), new PolicyScaler(usual)).p95());
  }

  @Test
  void aStepHasItsMostRequestsAtOnce() {
    Trace steps = Trace.drawn("steps", Trace.SEED, false, Load.STEP);

    // Nine a second, or one, for a quarter of an hour; 4 standard deviations.
    assertThat(arrived(steps, 0)).isBetween(780L, 1_020L);
    assertThat(arrived(steps, 900)).isBetween(7_740L, 8_460L);
    assertThat(arrived(steps, 1_800)).isBetween(780L, 1_020L);
    assertThat(arrived(steps, 2_700)).isBetween(7_740L, 8_460L);
  }

  private static long arrived(Trace trace, double from) {
    return trace.requests().stream()
        .filter(request -> request.arrival() >= from && request.arrival() < from + 900)
        .count();
  }
}
