package dev.outcrop.batching.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.Signals.Pace;
import dev.outcrop.batching.loop.Demand.Work;
import dev.outcrop.models.engine.CompiledShapes;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Replicas for work; 64 rows, first token within 2 s, tokens every 100 ms. */
class DemandTest {
  private static final double MILLI = 1e6;
  private static final BatchingConfig CONFIG = config(16, Duration.ofMillis(100));

  @Test
  void asksForNothingWhereNothingIsIn() {
    assertThat(Demand.of(work(0, 0, 0), CONFIG)).isEqualTo(new Pace(10_000, 2_000, 0, 0, 0));
  }

  @Test
  void asksForOneWhereAnythingIsIn() {
    Pace unknown = Demand.of(new Work(3, 1, 5_000, 0, 0, 0, 0, 0, 0, 0), CONFIG);

    assertThat(unknown.load()).isZero();
    assertThat(unknown.desiredReplicas()).isEqualTo(1);
  }

  @Test
  void addsTheQueueInTheTimeToTheFirstTokenAndTheStreamsInTheTokenInterval() {
    // 40,000 tokens are 4 s of prefill, due in 2 s; 32 streams take 14 of the 90 ms that one leaves
    Work work = new Work(4, 32, 40_000, 0.5, 10_000, 2_000, 100, 24 * MILLI, 10 * MILLI, 0);

    Pace pace = Demand.of(work, CONFIG);

    assertThat(pace.load()).isCloseTo((2 + 0.14) / 0.9, within(1e-9));
    assertThat(pace.desiredReplicas()).isEqualTo(3);
  }

  @Test
  void givesEachReplicaWhatItCanDoWithinTheTargets() {
    // a + b r, with a = 10 ms and b = 0.5 ms; the formula's n, tried out
    double n =
        Demand.of(new Work(4, 32, 40_000, 0, 10_000, 2_000, 100, 26e6, 10e6, 0), CONFIG).load();

    double stepMillis = 10 + 0.5 * 32 / n;
    double prefillSeconds = 2 * (1 - stepMillis / 100);
    assertThat(n * prefillSeconds * 10_000).isCloseTo(40_000, within(1e-6));
  }

  @Test
  void countsTheRequestsThatFindNoRowByTheTokensOfThoseThatHaveOne() {
    Work work = new Work(100, 64, 0, 0.5, 10_000, 2_000, 100, 0, 0, 0);

    assertThat(Demand.of(work, CONFIG).load()).isCloseTo(100 * 100 / 2_000.0 / 2, within(1e-9));
  }

  @Test
  void countsTheRequestsThatFindNoKv() {
    Work work = new Work(100, 16, 0, 1, 10_000, 2_000, 100, 0, 0, 0);

    assertThat(Demand.of(work, CONFIG).load()).isCloseTo(100 * 100 / 2_000.0 / 2, within(1e-9));
  }

  @Test
  void doesNotAskForReplicasThatCannotMakeAStreamFaster() {
    Work one = new Work(0, 1, 0, 0.1, 10, 2, 100, 400 * MILLI, 400 * MILLI, 0);

    assertThat(Demand.of(one, CONFIG).desiredReplicas()).isEqualTo(1);
    Work ten = new Work(0, 10, 0, 0.1, 10, 20, 100, 560 * MILLI, 400 * MILLI, 0);
    assertThat(Demand.of(ten, CONFIG).load()).isCloseTo(160 / 480.0 * 6, within(1e-9));
  }

  @Test
  void keepsToTheMost() {
    assertThat(Demand.of(work(0, 0, 10_000_000), config(5, Duration.ofMillis(100))))
        .satisfies(pace -> assertThat(pace.load()).isGreaterThan(100))
        .satisfies(pace -> assertThat(pace.desiredReplicas()).isZero());
    assertThat(Demand.of(work(9, 9, 10_000_000), config(5, Duration.ofMillis(100))))
        .extracting(Pace::desiredReplicas)
        .isEqualTo(5);
    assertThat(Demand.of(work(9, 9, 10_000_000), config(0, Duration.ZERO)))
        .extracting(Pace::desiredReplicas)
        .isEqualTo(0);
  }

  private static Work work(int waiting, int running, long promptTokens) {
    return new Work(waiting, running, promptTokens, 0, 10_000, 2_000, 100, 0, 0, 0);
  }

  private static BatchingConfig config(int maxReplicas, Duration interval) {
    BatchingConfig.Sharing sharing = BatchingConfig.Sharing.DEFAULT;
    return new BatchingConfig(
        64,
        512,
        1_024,
        1_048_576,
        2_048,
        new BatchingConfig.Sharing(
            sharing.guests(),
            interval,
            0.02,
            BatchingConfig.Prefixes.TENANT,
            0.5,
            sharing.tenantRequests(),
            sharing.tenantTokens()),
        new BatchingConfig.Objectives(
            Duration.ofSeconds(2), 0.01, Duration.ofMinutes(5), maxReplicas),
        CompiledShapes.DEFAULT);
  }
}
