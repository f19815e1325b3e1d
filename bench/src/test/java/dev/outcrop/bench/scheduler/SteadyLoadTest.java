package dev.outcrop.bench.scheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SteadyLoadTest {
  private static final int ROWS = 500;
  private static final int STEPS = 100;

  @ParameterizedTest
  @EnumSource
  void staysWhatItClaimsToBe(Policy policy) {
    SteadyLoad load = SteadyLoad.of(ROWS, policy);

    load.tally().clear();
    for (int i = 0; i < STEPS; i++) {
      load.arrive();
      load.step();
      load.count();
    }

    SteadyLoad.Tally tally = load.tally();
    assertThat((double) tally.running / STEPS).isEqualTo(ROWS, within(0.01 * ROWS));
    assertThat((double) tally.waiting / STEPS).isEqualTo(4.0 * ROWS, within(0.2 * ROWS));
    assertThat((double) tally.ended / STEPS).isEqualTo(0.05 * ROWS, within(0.005 * ROWS));
    assertThat(tally.referencedUnits / STEPS / load.scheduler().kv().units())
        .isEqualTo(0.95, within(0.04));
    var counts = load.scheduler().counts();
    assertThat((double) counts.cachedTokens() / counts.lookedUpTokens())
        .isEqualTo(0.5, within(0.05));
    assertThat(counts.preemptions()).isZero();
  }
}
