package dev.outcrop.bench.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.testing.FakeEngine;
import dev.outcrop.models.testing.Roofline;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The four ways on a fake engine, which checks every step plan it gets and keeps time. */
class WaysTest {
  private static final int BATCH = 16;
  private static final int VOCABULARY = 1_000;

  /** Memory bound: a step costs as much for one row as for sixteen. */
  private static final Roofline MEMORY_BOUND = new Roofline(1_000_000, 0, 1e9, 1, 0);

  private final Trace mixed = Trace.committed().first(160);
  private final Trace equal = Trace.equal(64, 16, 128);
  private long now;

  private Map<String, Recorder> run(Trace trace) {
    KvGeometry geometry = new KvGeometry(32, BATCH * 34 + 64, 1, 4_096);
    FakeEngine fake =
        new FakeEngine(
            geometry,
            MEMORY_BOUND,
            FakeEngine.NextToken.hashed(VOCABULARY),
            FakeEngine.StepFault.NONE,
            nanos -> now += nanos);
    Comparison comparison =
        new Comparison(new MeasuredEngine(fake, VOCABULARY, fake::close), BATCH, () -> now);
    Map<String, Recorder> runs = new LinkedHashMap<>();
    for (Way way : comparison.ways()) {
      runs.put(way.name(), comparison.run(way, trace));
    }
    return runs;
  }

  @Test
  void generateTheSameTokensInEveryWay() {
    Map<String, Recorder> runs = run(mixed);

    int[][] alone = recorder(runs, Comparison.ONE).tokens();
    for (Recorder recorder : runs.values()) {
      assertThat(recorder.tokens()).isDeepEqualTo(alone);
    }
    for (int request = 0; request < mixed.size(); request++) {
      assertThat(alone[request]).hasSize(mixed.requests().get(request).outputTokens());
    }
  }

  @Test
  void computePaddingOnlyWherePaddingIs() {
    Map<String, Recorder> runs = run(mixed);
    long wanted = mixed.outputTokens();

    assertThat(recorder(runs, Comparison.ONE).rows()).isEqualTo(wanted);
    assertThat(recorder(runs, Comparison.ONE).steps()).isEqualTo((int) wanted);
    assertThat(recorder(runs, Comparison.PADDED).rows())
        .isEqualTo(Math.round(wanted * mixed.padding(BATCH)))
        .isEqualTo((long) BATCH * recorder(runs, Comparison.PADDED).steps());
    assertThat(recorder(runs, Comparison.SHRINKING).rows()).isEqualTo(wanted);
    assertThat(recorder(runs, Comparison.SHRINKING).steps())
        .isEqualTo(recorder(runs, Comparison.PADDED).steps());
    assertThat(recorder(runs, Comparison.CONTINUOUS).rows())
        .isBetween(wanted, wanted + mixed.size());
  }

  @Test
  void gainFromContinuousBatchesWhatThePaddingCosts() {
    Map<String, Recorder> runs = run(mixed);

    double continuous = recorder(runs, Comparison.CONTINUOUS).loadedTokensPerSecond();
    double alone = recorder(runs, Comparison.ONE).tokensPerSecond();
    double padded = recorder(runs, Comparison.PADDED).tokensPerSecond();
    assertThat(continuous / alone).isEqualTo(BATCH, within(0.02 * BATCH));
    assertThat(continuous / padded).isEqualTo(mixed.padding(BATCH), within(0.2));
  }

  @Test
  void gainNothingFromContinuousBatchesOfEqualLengths() {
    Map<String, Recorder> runs = run(equal);

    double continuous = recorder(runs, Comparison.CONTINUOUS).tokensPerSecond();
    double padded = recorder(runs, Comparison.PADDED).tokensPerSecond();
    double shrinking = recorder(runs, Comparison.SHRINKING).tokensPerSecond();
    assertThat(continuous / padded).isEqualTo(1, within(0.03));
    assertThat(padded).isEqualTo(shrinking);
  }

  @Test
  void measureWhenTokensCame() {
    Recorder alone = recorder(run(Trace.equal(4, 16, 10)), Comparison.ONE);

    double step = 1;
    assertThat(alone.firstTokenMillis())
        .containsExactly(new double[] {step, 11 * step, 21 * step, 31 * step}, within(0.1));
    assertThat(alone.intervalMillis()).hasSize(36);
    assertThat(Recorder.percentile(alone.intervalMillis(), 0.99)).isEqualTo(step, within(0.1));
    assertThat(alone.seconds()).isEqualTo(40 * step / 1e3, within(0.001));
  }

  @Test
  void takePercentilesThatExist() {
    double[] sorted = {1, 2, 3, 4};

    assertThat(Recorder.percentile(sorted, 0.5)).isEqualTo(2);
    assertThat(Recorder.percentile(sorted, 0.99)).isEqualTo(4);
    assertThat(Recorder.percentile(new double[0], 0.5)).isZero();
  }

  private static Recorder recorder(Map<String, Recorder> runs, String way) {
    Recorder recorder = runs.get(way);
    assertThat(recorder).as(way).isNotNull();
    return recorder;
  }
}
