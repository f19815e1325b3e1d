package dev.outcrop.k8s.policy;

import static dev.outcrop.k8s.policy.Policies.FREE;
import static dev.outcrop.k8s.policy.Policies.POLL;
import static dev.outcrop.k8s.policy.Policies.decide;
import static dev.outcrop.k8s.policy.Policies.settings;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.outcrop.k8s.policy.Decision.Hold;
import dev.outcrop.k8s.policy.Decision.Reason;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The rules, one line each. Where a pod's text says nothing else it runs 1,000 prompt tokens a
 * second and is ready for a day; the budget for a first token is two seconds.
 */
final class ReplicaPolicyTest {
  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          nothing is in                                   | 1 ready                                                | 0    | 0     | 0     | 1  | NONE
          prompt tokens over rate times budget            | 1 ready queue=20000 waiting=100                        | 10   | 0     | 0     | 10 | QUEUE
          a part of a replica is a whole one              | 1 ready queue=20001 waiting=100                        | 10.0005 | 0  | 0     | 11 | QUEUE
          queues of all pods                              | 4 ready queue=5000 waiting=100                         | 10   | 0     | 0     | 10 | QUEUE
          the mean of the rates                           | 1 ready queue=9000 waiting=99 rate=500, 1 ready rate=1000 waiting=9 | 6 | 0 | 0 | 6 | QUEUE
          a pod that has not learned counts for no rate   | 1 ready queue=9000 waiting=99 rate=0, 1 ready rate=750 waiting=9    | 6 | 0 | 0 | 6 | QUEUE
          a prompt longer than the budget needs only one  | 1 ready queue=50000 running=1                          | 1    | 0     | 0     | 1  | QUEUE
          also beside decodes                             | 1 ready queue=50000 running=10                         | 1    | 0     | 0     | 1  | QUEUE
          as many as are begun                           | 1 ready queue=92000 running=20 prompts=8               | 8    | 0     | 0     | 8  | QUEUE
          and does not hide those that wait elsewhere     | 1 ready queue=50000 running=1, 1 ready queue=20000 waiting=100 | 11 | 0 | 0 | 11 | QUEUE
          KV over its target, in sum                      | 3 ready kv=0.9 running=1                               | 0    | 3.375 | 0     | 4  | KV
          KV at its target                                | 3 ready kv=0.8 running=1                               | 0    | 3     | 0     | 3  | KV
          running requests over the knee                  | 1 ready running=25 knee=10                             | 0    | 0     | 2.5   | 3  | RUNNING
          the mean of the knees                           | 1 ready running=20 knee=5, 1 ready running=20 knee=15  | 0    | 0     | 4     | 4  | RUNNING
          no knee is known                                | 1 ready running=1000                                   | 0    | 0     | 0     | 1  | NONE
          the most of all                                 | 1 ready queue=4000 waiting=9 kv=0.8 running=30 knee=10 | 2    | 1     | 3     | 3  | RUNNING
          a pending pod takes its startup's worth         | 1 ready queue=120000 waiting=999, 1 pending age=5      | 0    | 0     | 0     | 2  | NONE
          what it will not take counts                    | 1 ready queue=160000 waiting=999, 1 pending age=5      | 20   | 0     | 0     | 20 | QUEUE
          one that came a minute ago takes the half       | 1 ready queue=80000 waiting=999 age=60                 | 10   | 0     | 0     | 10 | QUEUE
          one that is given up takes nothing              | 1 ready queue=40000 waiting=999, 1 pending age=901     | 20   | 0     | 0     | 20 | QUEUE
          one that takes no requests is as if coming      | 1 ready queue=120000 waiting=999, 1 stalled            | 0    | 0     | 0     | 2  | NONE
          nothing is added for a stalled pod's own work   | 1 ready, 1 stalled queue=90000 waiting=99              | 0    | 0     | 0     | 2  | NONE
          """)
  void asksForWhatEachFigureNeeds(
      String name,
      String pods,
      double queue,
      double kv,
      double running,
      int replicas,
      Needs.Figure figure) {
    int told = pods.split(",", -1).length; // as many as there are groups: none is added by holding
    Decision decision = decide(settings(FREE), Readings.at(0, told, pods));

    assertThat(decision.needs().queue()).isCloseTo(queue, within(1e-9));
    assertThat(decision.needs().kv()).isCloseTo(kv, within(1e-9));
    assertThat(decision.needs().running()).isCloseTo(running, within(1e-9));
    assertThat(decision.needs().figure()).isEqualTo(figure);
    assertThat(decision.scaling().desiredReplicas()).isEqualTo(Math.max(told, replicas));
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          idle after the window: one less                  | 3  | 1 | 8  | 300 | 3 ready                   | 3 ready                        | 2  | STEP
          a reading before the window is over: none less   | 3  | 1 | 8  | 285 | 3 ready                   | 3 ready                        | 3  | NO_HISTORY
          no reading before: none less                     | 3  | 1 | 8  | 0   | 3 ready                   | 3 ready                        | 3  | NO_HISTORY
          as many were needed within the window            | 3  | 1 | 8  | 300 | 3 ready kv=0.8            | 3 ready                        | 3  | WINDOW
          fewer were needed within the window              | 3  | 1 | 8  | 300 | 3 ready kv=0.4            | 3 ready                        | 2  | WINDOW
          what is needed now counts too                    | 3  | 1 | 8  | 300 | 3 ready                   | 3 ready kv=0.8                 | 3  |
          one silent pod: none less                        | 3  | 1 | 8  | 300 | 3 ready                   | 2 ready, 1 silent              | 3  | SILENT
          one was silent within the window: none less      | 3  | 1 | 8  | 300 | 2 ready, 1 silent         | 3 ready                        | 3  | WINDOW
          one silent pod: more are added                   | 3  | 1 | 8  | 300 | 3 ready                   | 2 ready queue=4000 waiting=9, 1 silent | 4 |
          most are silent: as it is                        | 3  | 1 | 8  | 300 | 3 ready                   | 1 ready kv=1, 2 silent         | 3  | STALE
          all are silent: as it is                         | 3  | 1 | 8  | 300 | 3 ready                   | 3 silent                       | 3  | STALE
          one pending pod: none less                       | 3  | 1 | 8  | 300 | 3 ready                   | 2 ready, 1 pending age=20      | 3  | PENDING
          one that Kubernetes makes no pod for             | 3  | 1 | 8  | 300 | 3 ready                   | 2 ready                        | 3  | PENDING
          for as long as the window                        | 3  | 1 | 8  | 300 | 2 ready                   | 2 ready                        | 2  | STEP
          one that is pending too long                     | 3  | 1 | 8  | 300 | 2 ready, 1 pending age=901 | 2 ready, 1 pending age=901    | 2  | STEP
          prompts wait and no rate is known                | 3  | 1 | 8  | 300 | 3 ready rate=0            | 3 ready rate=0 queue=9 waiting=1 | 3 | UNKNOWN_RATE
          a rate that was known before                     | 3  | 1 | 8  | 300 | 3 ready rate=1000         | 3 ready rate=0 queue=4000 waiting=9 | 6 |
          no more than twice as many                       | 4  | 1 | 99 | 300 | 4 ready                   | 4 ready queue=50000 waiting=99 | 8  | STEP
          two more where that is more                      | 1  | 1 | 99 | 300 | 1 ready                   | 1 ready queue=90000 waiting=99 | 3  | STEP
          no more than the most                            | 4  | 1 | 6  | 300 | 4 ready                   | 4 ready queue=50000 waiting=99 | 6  | BOUNDS
          no fewer than the least                          | 3  | 3 | 8  | 300 | 3 ready                   | 3 ready                        | 3  | BOUNDS
          less than the least is made up for               | 1  | 3 | 8  | 0   | 1 ready                   | 1 ready                        | 3  | BOUNDS
          more than the most is given back at once         | 9  | 1 | 8  | 0   | 9 ready                   | 9 ready                        | 8  | BOUNDS
          to zero where that is allowed and nothing is in  | 1  | 0 | 8  | 300 | 1 ready                   | 1 ready                        | 0  |
          not to zero while a request runs                 | 1  | 0 | 8  | 300 | 1 ready running=1         | 1 ready running=1              | 1  |
          not to zero while one waits                      | 1  | 0 | 8  | 300 | 1 ready                   | 1 ready waiting=1              | 1  |
          not to zero while a pod is silent                | 1  | 0 | 8  | 300 | 1 ready                   | 1 silent                       | 1  | STALE
          zero stays zero                                  | 0  | 0 | 8  | 300 |                           |                                | 0  |
          a tenth less is not asked for                    | 20 | 1 | 99 | 300 | 20 ready kv=0.72          | 20 ready kv=0.72               | 20 | STEP
          more than a tenth less is                        | 20 | 1 | 99 | 300 | 20 ready kv=0.4           | 20 ready kv=0.4                | 17 | STEP
          a tenth more is asked for as more than a tenth   | 20 | 1 | 99 | 300 | 20 ready kv=0.8           | 20 ready kv=0.84               | 23 |
          """)
  void movesWithinBoundsAndSteps(
      String name,
      int replicas,
      int min,
      int max,
      double seconds,
      String before,
      String now,
      int expected,
      Hold hold) {
    PolicySettings settings = PolicySettings.between(min, max);
    ReplicaPolicy policy = new ReplicaPolicy(settings);
    PolicyState state = PolicyState.START;
    for (double time = 0; time < seconds; time += POLL) {
      state = policy.step(state, Readings.at(time, replicas, text(before))).state();
    }

    Decision decision = policy.step(state, Readings.at(seconds, replicas, text(now))).decision();

    assertThat(decision.scaling().desiredReplicas()).isEqualTo(expected);
    assertThat(decision.reason() instanceof Reason.Held held ? held.by() : null).isEqualTo(hold);
    assertThat(decision.scaling().active()).isEqualTo(expected > 0);
  }

  @Test
  void removesOneInAnInterval() {
    ReplicaPolicy policy = new ReplicaPolicy(PolicySettings.between(1, 8));
    PolicyState state = PolicyState.START;
    int replicas = 4;
    StringBuilder path = new StringBuilder();
    for (double time = 0; time <= 480; time += POLL) {
      ReplicaPolicy.Step step =
          policy.step(state, Readings.at(time, replicas, replicas + " ready"));
      state = step.state();
      int desired = step.decision().scaling().desiredReplicas();
      if (desired < replicas) {
        path.append((int) time).append(' ');
      }
      replicas = desired;
    }
    assertThat(path.toString().strip()).isEqualTo("300 375 450");
  }

  @Test
  void addsNoMoreThanOneStepInAnInterval() {
    ReplicaPolicy policy = new ReplicaPolicy(PolicySettings.between(1, 99));
    PolicyState state = PolicyState.START;
    int replicas = 2;
    StringBuilder path = new StringBuilder();
    for (double time = 0; time <= 150; time += POLL) {
      String pods = replicas + " ready queue=90000 waiting=99";
      ReplicaPolicy.Step step = policy.step(state, Readings.at(time, replicas, pods));
      state = step.state();
      replicas = step.decision().scaling().desiredReplicas();
      path.append(replicas).append(' ');
    }
    assertThat(path.toString().strip()).isEqualTo("4 4 4 4 4 8 8 8 8 8 16");
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          all are young after a rolling update   | 2 | 2 ready            | 2 ready queue=40000 waiting=99 age=20          | 40
          one is started beside as many          | 2 | 2 ready            | 2 ready queue=40000 waiting=99, 1 pending age=20 | 40
          one came beside two                    | 3 | 2 ready, 1 pending age=100 | 2 ready queue=80000 waiting=99, 1 ready age=60 | 50
          one came back                          | 2 | 1 ready, 1 pending age=100 | 1 ready queue=80000 waiting=99, 1 ready age=60 | 10
          """)
  void leavesOutTheQueueOnlyOfPodsThatComeBesideOthers(
      String name, int replicas, String before, String now, double queue) {
    ReplicaPolicy policy = new ReplicaPolicy(settings(FREE));
    PolicyState state = PolicyState.START;
    for (int i = 0; i < 10; i++) {
      state = policy.step(state, Readings.at(i * POLL, replicas, before)).state();
    }
    Decision decision = policy.step(state, Readings.at(10 * POLL, replicas, now)).decision();

    assertThat(decision.needs().queue()).isCloseTo(queue, within(1e-9));
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          a prompt takes longer than the budget   | 0    | 1 ready queue=2001 running=1           | 2001
          as long                                 | 0    | 1 ready queue=2000 running=1           | 2000
          shorter                                 | 0    | 1 ready queue=1999 running=1           |
          a long one beside decodes               | 0    | 1 ready queue=50000 running=10          | 50000
          several that are shorter                | 0    | 1 ready queue=5000 running=1 waiting=9 |
          the longest that is promised            | 3000 | 1 ready                                | 3000
          no rate is known                        | 3000 | 1 ready rate=0                         |
          """)
  void tellsWhereNoReplicaCountMeetsTheBudget(
      String name, int longest, String pods, Long promptTokens) {
    PolicySettings.Targets usual = PolicySettings.Targets.DEFAULT;
    PolicySettings settings =
        new PolicySettings(
            1,
            8,
            new PolicySettings.Targets(
                usual.firstToken(), usual.kvUse(), usual.prefillUse(), 0, 0, longest),
            FREE,
            PolicySettings.Down.DEFAULT,
            PolicySettings.Correction.DEFAULT,
            0.5);
    Decision decision = decide(settings, Readings.at(0, 1, pods));

    assertThat(decision.unreachable().map(Decision.Unreachable::promptTokens).orElse(null))
        .isEqualTo(promptTokens);
    assertThat(decision.scaling().desiredReplicas())
        .isEqualTo(longest == 0 && pods.contains("=9") ? 3 : 1);
  }

  @Test
  void forgetsWhatWasBeforeAGap() {
    ReplicaPolicy policy = new ReplicaPolicy(PolicySettings.between(1, 8));
    PolicyState state = PolicyState.START;
    for (double time = 0; time < 300; time += POLL) {
      state = policy.step(state, Readings.at(time, 3, "3 ready")).state();
    }
    Decision decision = policy.step(state, Readings.at(600, 3, "3 ready")).decision();

    assertThat(decision.reason()).isEqualTo(new Reason.Held(Hold.NO_HISTORY, 0));
  }

  @Test
  void sumsWhatThePodsSaid() {
    Decision decision =
        decide(
            PolicySettings.between(1, 8),
            Readings.at(
                0,
                6,
                "2 ready queue=10 waiting=1 running=2 kv=0.25, 1 pending, 1 silent, 1 stalled"));

    assertThat(decision.scaling().totals())
        .isEqualTo(new dev.outcrop.k8s.Scaling.Totals(2, 3, 1, 20, 2, 4, 0.5, 2_000));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          -1 | 1 | min must not be negative
          0  | 0 | max must be at least 1
          3  | 2 | min must be at most max
          """)
  void refusesBoundsThatCannotBe(int min, int max, String message) {
    assertThatThrownBy(() -> PolicySettings.between(min, max)).hasMessage(message);
  }

  private static String text(String pods) {
    return pods == null ? "" : pods;
  }
}
