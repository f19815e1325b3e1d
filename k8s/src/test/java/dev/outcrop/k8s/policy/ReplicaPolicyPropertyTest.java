package dev.outcrop.k8s.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.k8s.PodSignals;
import dev.outcrop.k8s.policy.WorkloadReading.Pod;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds of every decision, whatever pods say and whoever scales the workload beside. */
final class ReplicaPolicyPropertyTest {
  private static final int READINGS = 800;
  private static final int POLL = 15;

  private final List<PolicyState.Sample> samples = new ArrayList<>();

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void staysWithinBoundsAndRemovesNothingBeforeTheWindow(long seed) {
    Random random = new Random(seed);
    int min = random.nextInt(2);
    int max = 1 + random.nextInt(30);
    PolicySettings settings = PolicySettings.between(min, max);
    ReplicaPolicy policy = new ReplicaPolicy(settings);
    PolicyState state = PolicyState.START;
    Instant now = Readings.START;
    int replicas = min;
    for (int i = 0; i < READINGS; i++) {
      // Load comes and goes; now and then signals itself is away, or somebody else scales.
      now = now.plusSeconds(random.nextInt(500) == 0 ? 3_600 : POLL);
      replicas = random.nextInt(300) == 0 ? random.nextInt(max + 3) : replicas;
      WorkloadReading reading = reading(random, now, replicas, (i / 100) % 3);
      ReplicaPolicy.Step step = policy.step(state, reading);
      Decision decision = step.decision();
      int desired = decision.scaling().desiredReplicas();
      remember(reading, decision);

      assertThat(desired).as("bounds").isBetween(min, max);
      if (has(reading)) {
        assertThat(desired).as("active").isPositive();
        assertThat(decision.scaling().active()).isTrue();
      }
      if (desired < replicas && replicas <= max) {
        assertThat(enough(reading, settings.down().window()))
            .as("window")
            .isLessThanOrEqualTo(desired);
        assertThat(desired).as("readable by an autoscaler").isLessThan(replicas);
        assertThat(reading.pods()).noneMatch(Pod.Silent.class::isInstance);
      }
      assertThat(policy.step(state, reading)).as("pure").isEqualTo(step);
      assertThat(policy.step(state, longer(reading)).decision().scaling().desiredReplicas())
          .as("monotone in the queue")
          .isGreaterThanOrEqualTo(desired);
      state = step.state();
      replicas = random.nextInt(4) == 0 ? replicas : desired;
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {5, 6, 7})
  void aLateOneConcludesTheSameAfterOneWindow(long seed) {
    Random random = new Random(seed);
    ReplicaPolicy policy = new ReplicaPolicy(PolicySettings.between(1, 20));
    PolicyState early = PolicyState.START;
    PolicyState late = PolicyState.START;
    int replicas = 1;
    int joined = 100;
    int window = 300 / POLL;
    for (int i = 0; i < 400; i++) {
      Instant now = Readings.START.plusSeconds((long) i * POLL);
      WorkloadReading reading = reading(random, now, replicas, (i / 40) % 3);
      ReplicaPolicy.Step leader = policy.step(early, reading);
      early = leader.state();
      if (i >= joined) {
        ReplicaPolicy.Step other = policy.step(late, reading);
        late = other.state();
        if (i > joined + window) {
          assertThat(other.decision()).as("reading " + i).isEqualTo(leader.decision());
        }
      }
      replicas = leader.decision().scaling().desiredReplicas();
    }
  }

  /** Pods with requests of about one length; in phase 0 nearly none, in phase 2 many. */
  private static WorkloadReading reading(Random random, Instant now, int replicas, int phase) {
    List<Pod> pods = new ArrayList<>();
    int run = (int) Duration.between(Readings.START, now).toSeconds() * 300 * phase;
    for (int i = 0; i < replicas; i++) {
      int kind = random.nextInt(200);
      Instant since = now.minusSeconds(random.nextInt(2_000));
      if (kind == 0) {
        pods.add(new Pod.Silent("pod-" + i));
      } else if (kind < 3) {
        pods.add(new Pod.Pending("pod-" + i, since));
      } else {
        int waiting = phase == 0 ? 0 : random.nextInt(10 * phase);
        int running = phase == 0 ? random.nextInt(100) / 99 : random.nextInt(20);
        pods.add(
            new Pod.Answering(
                "pod-" + i,
                since,
                signals(waiting, running, waiting * 800L, run, random.nextInt(5) == 0)));
      }
    }
    return new WorkloadReading("model", now, replicas, pods);
  }

  private static PodSignals signals(
      int waiting, int running, long queue, long run, boolean burning) {
    return new PodSignals(
        true,
        true,
        running,
        waiting,
        waiting + Math.min(1, running),
        queue,
        running / 25.0,
        new PodSignals.Pace(1_000, 16, 0, run),
        new PodSignals.Burn(burning ? 3 : 0, 0));
  }

  /** The same with ten more requests that wait at the first pod that answered. */
  private static WorkloadReading longer(WorkloadReading reading) {
    List<Pod> pods = new ArrayList<>(reading.pods());
    for (int i = 0; i < pods.size(); i++) {
      if (pods.get(i) instanceof Pod.Answering(String name, Instant since, PodSignals before)) {
        int waiting = before.waiting() + 10;
        PodSignals more =
            new PodSignals(
                before.ready(),
                before.modelUp(),
                before.running(),
                waiting,
                before.waitingPrompts() + 10,
                before.waitingPromptTokens() + 8_000,
                before.kvUse(),
                before.pace(),
                before.burn());
        pods.set(i, new Pod.Answering(name, since, more));
        break;
      }
    }
    return new WorkloadReading(reading.model(), reading.at(), reading.replicas(), pods);
  }

  private static boolean has(WorkloadReading reading) {
    return reading.pods().stream()
        .anyMatch(
            pod ->
                pod instanceof Pod.Answering answering
                    && answering.signals().waiting() + answering.signals().running() > 0);
  }

  private void remember(WorkloadReading reading, Decision decision) {
    samples.removeIf(sample -> sample.at().isBefore(reading.at().minusSeconds(7_200)));
    samples.add(
        new PolicyState.Sample(
            reading.at(), decision.needs().replicas(), reading.replicas(), 0, 0, 0, 0));
  }

  /** What was needed within a window, counted here apart from the policy's own memory. */
  private int enough(WorkloadReading reading, Duration window) {
    Instant oldest = reading.at().minus(window);
    assertThat(samples.stream().anyMatch(sample -> !sample.at().isAfter(oldest)))
        .as("there is a whole window")
        .isTrue();
    return samples.stream()
        .filter(sample -> !sample.at().isBefore(oldest))
        .mapToInt(PolicyState.Sample::needed)
        .max()
        .orElse(0);
  }
}
