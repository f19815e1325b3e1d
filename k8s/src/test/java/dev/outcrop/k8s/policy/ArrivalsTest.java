package dev.outcrop.k8s.policy;

import static dev.outcrop.k8s.policy.Policies.FREE;
import static dev.outcrop.k8s.policy.Policies.POLL;
import static dev.outcrop.k8s.policy.Policies.settings;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the prompts that arrive ask for. */
final class ArrivalsTest {
  @Test
  void asksForWhatTheArrivingPromptsNeed() {
    // 1,400 tokens a second of pods that run 1,000 and are to be busy with prompts for 0.7 of it.
    assertThat(arriving(10, 1_400, 0).needs().flow()).isCloseTo(2, within(1e-9));
  }

  @Test
  void takesAPromptOfTheFirstSecondsForNoMoreThanThat() {
    ReplicaPolicy policy = new ReplicaPolicy(settings(FREE));
    PolicyState state = policy.step(PolicyState.START, Readings.at(0, 1, "1 ready")).state();
    Decision decision =
        policy.step(state, Readings.at(5, 1, "1 ready queue=50000 running=1")).decision();

    // 50,000 tokens in the half of the two minutes that a replica takes to start.
    assertThat(decision.needs().flow()).isCloseTo(50_000 / 60.0 / 700, within(1e-9));
    assertThat(decision.scaling().desiredReplicas()).isEqualTo(2);
  }

  @Test
  void expectsAnIncreaseToGoOnUntilAReplicaServes() {
    // After 300 s with 2 tokens a second more each second there are 600 more than at first; the
    // mean of a reading's 15 s lies in their middle. A replica serves in 120 s and two readings.
    Decision decision = arriving(21, 700, 2);

    double expected = 700 + 2 * (300 + 150 - POLL / 2);
    assertThat(decision.needs().flow()).isCloseTo(expected / 700, within(0.02));
  }

  @Test
  void expectsAnIncreaseToGoOnForAWindowWhereAReplicaTakesLonger() {
    PolicySettings.Up slow =
        new PolicySettings.Up(1_000, 1, Duration.ZERO, Duration.ofHours(1), Duration.ofHours(2));
    Decision decision = arriving(slow, 21, 700, 2);

    double expected = 700 + 2 * (300 + 300 + 2 * POLL - POLL / 2);
    assertThat(decision.needs().flow()).isCloseTo(expected / 700, within(0.02));
  }

  @Test
  void followsADecreaseNoFasterThanTheMean() {
    assertThat(arriving(21, 1_400, -2).needs().flow())
        .isCloseTo((1_400 - 2 * 240) / 700.0, within(0.05));
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          the first reading found it silent      | 1 silent                  | 5   | 1 ready run=50000000  | 0
          or not ready                           | 1 pending age=20          | 5   | 1 ready run=50000000  | 0
          not ready for one reading              | 1 ready run=50000000, 1 pending age=0 | 10 | 1 ready run=50014000 age=3 | 1400
          takes no requests for one reading      | 1 ready run=50000000, 1 stalled | 10 | 1 ready run=50014000  | 1400
          silent for ten minutes                 | 1 ready run=50000000, 1 silent  | 600 | 1 ready run=50840000 | 1400
          it began anew meanwhile                | 1 ready run=50000000, 1 pending age=0 | 10 | 1 ready run=9000 queue=5000 age=3 | 1400
          a new one, with what it ran and has    | 1 pending age=20          | 5   | 1 ready run=2000 queue=5000 age=3 | 1400
          ready in the second of the last reading | 1 pending age=20          | 5   | 1 ready run=2000 queue=5000 age=5 | 1400
          one that ran long before it was ready  | 1 pending age=20          | 5   | 1 ready run=50000000 age=3 | 600
          """)
  void countsWhatArrivedSinceAPodWasReadBefore(
      String name, String before, double seconds, String now, double perSecond) {
    // Readings every five seconds: each group is one reading, and the last of them goes on.
    ReplicaPolicy policy = new ReplicaPolicy(settings(FREE));
    PolicyState state = PolicyState.START;
    String[] readings = before.split(",", -1);
    for (int i = 0; i * 5 < seconds; i++) {
      String pods = readings[Math.min(i, readings.length - 1)];
      state = policy.step(state, Readings.at(i * 5, 1, pods)).state();
    }
    PolicyState after = policy.step(state, Readings.at(seconds, 1, now)).state();

    assertThat(after.samples().getLast().arrived() / 5).isCloseTo(perSecond, within(1e-6));
  }

  /** The decision after so many readings of one pod that runs whatever arrives. */
  private static Decision arriving(int readings, double perSecond, double more) {
    return arriving(FREE, readings, perSecond, more);
  }

  private static Decision arriving(
      PolicySettings.Up up, int readings, double perSecond, double more) {
    ReplicaPolicy policy = new ReplicaPolicy(settings(up));
    PolicyState state = PolicyState.START;
    double run = 0;
    for (int i = 0; ; i++) {
      ReplicaPolicy.Step step =
          policy.step(state, Readings.at(i * POLL, 1, "1 ready run=" + (long) run));
      if (i == readings - 1) {
        return step.decision();
      }
      state = step.state();
      run += POLL * (perSecond + more * i * POLL);
    }
  }
}
