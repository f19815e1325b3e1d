package dev.outcrop.serving.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

final class BreakEvenTest {
  /** 1 USD an hour for 1,000 tokens a second: 0.2778 USD a million; 2.628e9 tokens a month. */
  private static BreakEven.Own own(double fixed, int least) {
    return new BreakEven.Own(1, 1_000, fixed, least);
  }

  @Test
  void oneInstanceBreaksEvenWhereBedrockCostsItsMonth() {
    BreakEven even = BreakEven.of(own(0, 1), 0.5).orElseThrow();

    assertThat(even.instances()).isEqualTo(1);
    assertThat(even.usdPerMonth()).isEqualTo(730);
    assertThat(even.tokensPerMonth()).isEqualTo(730 / 0.5e-6, within(1.0));
  }

  @Test
  void neverWhereABusyInstanceCostsMore() {
    assertThat(BreakEven.of(own(0, 1), 0.27)).isEmpty();
    assertThat(BreakEven.of(own(0, 1), 0.28)).isPresent();
  }

  @Test
  void fixedCostsTakeMoreInstances() {
    // A busy instance saves 2.628e9 * 0.5e-6 - 730 = 584 USD a month: 9 of them pay for 5,000.
    BreakEven even = BreakEven.of(own(5_000, 2), 0.5).orElseThrow();

    assertThat(even.instances()).isEqualTo(9);
    assertThat(even.usdPerMonth()).isEqualTo(5_000 + 9 * 730);
    assertThat(even.tokensPerMonth()).isEqualTo((5_000 + 9 * 730) / 0.5e-6, within(1.0));
  }

  @Test
  void noLoadBelowIsAnyBetter() {
    BreakEven.Own own = own(5_000, 2);
    BreakEven even = BreakEven.of(own, 0.5).orElseThrow();

    for (double part = 0.01; part < 0.999; part += 0.01) {
      double tokens = even.tokensPerMonth() * part;
      assertThat(own.usdPerMonth(tokens)).isGreaterThan(tokens * 0.5e-6);
    }
    assertThat(own.usdPerMonth(even.tokensPerMonth())).isEqualTo(even.usdPerMonth(), within(1e-6));
  }

  /** 0.2 USD an hour, 300 a month, 900 tokens a second: the second instance costs more again. */
  @Test
  void aboveTheNextStairBedrockMayBeCheaperAgainUntilItSettles() {
    BreakEven.Own own = new BreakEven.Own(0.2, 900, 300, 1);
    BreakEven even = BreakEven.of(own, 0.22).orElseThrow();

    assertThat(even.usdPerMonth()).isEqualTo(446, within(1e-9));
    assertThat(own.usdPerMonth(2.4e9)).isGreaterThan(2.4e9 * 0.22e-6);
    assertThat(even.settledTokensPerMonth()).isEqualTo(592 / 0.22e-6, within(1.0));
    settlesThere(own, 0.22);
    settlesThere(own(5_000, 2), 0.5);
    settlesThere(own(0, 3), 0.5);
    settlesThere(own(0, 1), 0.29);
  }

  private static void settlesThere(BreakEven.Own own, double bedrock) {
    BreakEven even = BreakEven.of(own, bedrock).orElseThrow();
    double settled = even.settledTokensPerMonth();
    assertThat(settled).isGreaterThanOrEqualTo(even.tokensPerMonth());
    double below = settled * (1 - 1e-6);
    assertThat(own.usdPerMonth(below)).isGreaterThan(below * bedrock / 1e6);
    for (double times = 1.000001; times < 40; times *= 1.001) {
      double tokens = settled * times;
      assertThat(own.usdPerMonth(tokens)).isLessThanOrEqualTo(tokens * bedrock / 1e6);
    }
  }

  @Test
  void instancesThatRunAnywayCount() {
    BreakEven even = BreakEven.of(own(0, 3), 0.5).orElseThrow();

    assertThat(even.usdPerMonth()).isEqualTo(3 * 730);
  }

  @Test
  void partsOfAnHourAddUpToItsPrice() {
    TokenRates rates = new TokenRates(900, 300, 100);
    TokenCost cost = TokenCost.of(2, rates, new Estimate.Times(0.3, 0.02, 0.7));

    double hour = 3_600 * (600 * cost.input() + 300 * cost.cached() + 100 * cost.output()) / 1e6;
    assertThat(hour).isEqualTo(2, within(1e-9));
    assertThat(cost.blended()).isEqualTo(2 / (1_000 * 3_600.0) * 1e6, within(1e-12));
  }
}
