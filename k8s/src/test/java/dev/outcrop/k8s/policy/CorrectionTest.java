package dev.outcrop.k8s.policy;

import static dev.outcrop.k8s.policy.Policies.FREE;
import static dev.outcrop.k8s.policy.Policies.POLL;
import static dev.outcrop.k8s.policy.Policies.settings;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What missed targets add, and for how long. */
final class CorrectionTest {
  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          first tokens late for as many readings | 4 | 2 ready kv=0.8 burn=1.1                 | 1.2
          tokens late                            | 4 | 2 ready kv=0.8 interval-burn=1.1        | 1.2
          for fewer readings                     | 3 | 2 ready kv=0.8 burn=1.1                 | 1
          no more than may be                    | 4 | 2 ready kv=0.8 burn=1                   | 1
          only with replicas that are coming     | 4 | 2 ready kv=0.8 burn=9, 1 pending age=20 | 1
          only before a new one had its effect   | 4 | 1 ready kv=0.8 burn=9, 1 ready kv=0.8 burn=9 age=299 | 1
          """)
  void correctsWhileTargetsAreMissed(String name, int readings, String pods, double correction) {
    ReplicaPolicy policy = new ReplicaPolicy(settings(FREE));
    PolicyState state = PolicyState.START;
    Decision decision = null;
    for (int i = 0; i < readings; i++) {
      ReplicaPolicy.Step step = policy.step(state, Readings.at(i * POLL, 2, pods));
      state = step.state();
      decision = step.decision();
    }
    assertThat(decision.needs().correction()).isEqualTo(correction);
    assertThat(decision.scaling().desiredReplicas()).isEqualTo(correction > 1 ? 3 : 2);
  }

  @Test
  void removesNothingThatMissedTargetsAddedWhileTheyAreMissed() {
    ReplicaPolicy policy = new ReplicaPolicy(PolicySettings.between(1, 99));
    PolicyState state = PolicyState.START;
    int replicas = 2;
    double came = Double.POSITIVE_INFINITY;
    StringBuilder path = new StringBuilder();
    for (double time = 0; time <= 1_800; time += POLL) {
      double age = time - came - 120; // since it is ready
      double burn = time < 1_200 ? 1.5 : 1;
      String pods = "2 ready kv=%s burn=%s".formatted(1.6 / replicas, burn);
      if (replicas > 2) {
        pods +=
            age < 0
                ? ", 1 pending age=20"
                : ", 1 ready kv=%s burn=%s age=%s".formatted(1.6 / replicas, burn, age);
      }
      ReplicaPolicy.Step step = policy.step(state, Readings.at(time, replicas, pods));
      state = step.state();
      int desired = step.decision().scaling().desiredReplicas();
      if (desired != replicas) {
        path.append((int) time).append(": ").append(desired).append(' ');
        came = desired > replicas ? time : Double.POSITIVE_INFINITY;
      }
      replicas = desired;
    }
    // One is removed a window after the targets are kept again.
    assertThat(path.toString().strip()).isEqualTo("45: 3 1500: 2");
  }

  @Test
  void aCorrectionAloneAddsNothing() {
    Needs needs = new Needs(0, 0, 0, 0, 1.2);
    assertThat(needs.replicas()).isZero();
  }
}
