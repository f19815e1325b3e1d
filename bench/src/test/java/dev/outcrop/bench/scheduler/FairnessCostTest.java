package dev.outcrop.bench.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FairnessCostTest {
  @Test
  void takesNoMoreEngineTimeThanOrderOfArrival() {
    double fair = FairnessCost.of(Policy.FAIR, 100, 1_000).engineTokensPerSecond();
    double byArrival = FairnessCost.of(Policy.FCFS, 100, 1_000).engineTokensPerSecond();

    assertThat(fair).isGreaterThan(0.99 * byArrival).isNotEqualTo(byArrival);
  }
}
