package dev.outcrop.serving.auth;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.config.QuotaConfig;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class MeterTest {
  private long now;

  private Meter meter(int requests, int tokens, int concurrent) {
    return new Meter(new QuotaConfig(requests, tokens, concurrent), () -> now);
  }

  private void pass(Duration time) {
    now += time.toNanos();
  }

  @Test
  void fillsUpEvenly() {
    Meter meter = meter(6, 0, 0);
    for (int i = 0; i < 6; i++) {
      assertThat(meter.enter(1, 0)).isZero();
    }
    assertThat(meter.enter(1, 0)).isEqualTo(Duration.ofSeconds(10));
    pass(Duration.ofSeconds(4));
    assertThat(meter.enter(1, 0)).isEqualTo(Duration.ofSeconds(6));
    pass(Duration.ofSeconds(6));
    assertThat(meter.enter(1, 0)).isZero();
    assertThat(meter.enter(1, 0)).isPositive();
  }

  @Test
  void holdsNoMoreThanAMinuteIsWorth() {
    Meter meter = meter(2, 0, 0);
    pass(Duration.ofHours(5));
    assertThat(meter.enter(1, 0)).isZero();
    assertThat(meter.enter(1, 0)).isZero();
    assertThat(meter.enter(1, 0)).isPositive();
  }

  @Test
  void countsRequestsThatAreIn() {
    Meter meter = meter(0, 0, 2);
    assertThat(meter.enter(1, 0)).isZero();
    assertThat(meter.enter(1, 0)).isZero();
    assertThat(meter.enter(1, 0)).isPositive();
    meter.leave(1);
    assertThat(meter.enter(1, 0)).isZero();
  }

  @Test
  void countsARequestOfSeveralCompletionsAsSeveral() {
    Meter meter = meter(6, 0, 4);
    assertThat(meter.most()).isEqualTo(4);
    assertThat(meter.enter(1, 0)).isZero();
    assertThat(meter.enter(4, 1)).isPositive();
    assertThat(meter.enter(3, 1)).isZero();
    assertThat(meter.enter(1, 0)).isPositive();
    meter.leave(3);
    assertThat(meter.enter(1, 0)).isZero();
    assertThat(meter.enter(2, 1)).as("for 3, of which there is 1").hasSeconds(20);
    pass(Duration.ofSeconds(20));
    meter.leave(2);
    assertThat(meter.enter(1, 0)).isZero();
    assertThat(meter.enter(2, 1)).isZero();
  }

  @Test
  void takesTokensAndGivesThemBack() {
    Meter meter = meter(0, 600, 0);
    assertThat(meter.reserve(500)).isZero();
    assertThat(meter.reserve(200)).isEqualTo(Duration.ofSeconds(10));
    meter.settle(500, 100);
    assertThat(meter.reserve(200)).isZero();
    assertThat(meter.reserve(301)).isPositive();
    assertThat(meter.reserve(300)).isZero();
  }

  @Test
  void letsAFullMinuteServeMoreThanItIsWorthAndMakesTheNextWait() {
    Meter meter = meter(0, 600, 0);
    assertThat(meter.reserve(1_200)).isZero();
    assertThat(meter.reserve(600)).isEqualTo(Duration.ofMinutes(2));
    pass(Duration.ofMinutes(2));
    assertThat(meter.reserve(600)).isZero();
  }

  @Test
  void keepsWhatWasTakenWhenTheQuotaChanges() {
    Meter meter = meter(10, 1_000, 0);
    meter.enter(1, 0);
    meter.reserve(900);
    meter.change(new QuotaConfig(1, 500, 0), 1);
    assertThat(meter.enter(1, 0)).isPositive();
    assertThat(meter.reserve(1)).isPositive();
    meter.change(new QuotaConfig(0, 0, 0), 1);
    assertThat(meter.enter(1, 0)).isZero();
    assertThat(meter.reserve(1_000_000_000_000L)).isZero();
    meter.settle(1_000_000_000_000L, 2_000_000_000_000L);
    meter.change(new QuotaConfig(5, 100, 0), 1);
    assertThat(meter.enter(1, 0)).isZero();
    assertThat(meter.reserve(100)).isZero();
  }

  @Test
  void takesNothingOfTheOneWhereTheOtherHasNotEnough() {
    Meter own = meter(10, 1_000, 10);
    Meter shared = meter(1, 100, 10);
    Allowance allowance = new Allowance(List.of(own, shared));
    assertThat(allowance.request()).isInstanceOf(Allowance.Answer.Granted.class);
    assertThat(allowance.tokens(100)).isInstanceOf(Allowance.Answer.Granted.class);
    for (int i = 0; i < 20; i++) {
      assertThat(allowance.request()).isInstanceOf(Allowance.Answer.Throttled.class);
      assertThat(allowance.tokens(100)).isInstanceOf(Allowance.Answer.Throttled.class);
    }
    for (int i = 0; i < 9; i++) {
      assertThat(own.enter(1, 0)).isZero();
      assertThat(own.reserve(100)).isZero();
    }
    assertThat(own.enter(1, 0)).isPositive();
    assertThat(own.reserve(1)).isPositive();
  }

  @Test
  void settlesAShareOnce() {
    Meter meter = meter(0, 100, 0);
    switch (new Allowance(List.of(meter)).tokens(100)) {
      case Allowance.Answer.Throttled _ -> throw new AssertionError();
      case Allowance.Answer.Granted(var share) -> {
        share.settle(90);
        share.settle(0);
        share.close();
      }
    }
    assertThat(meter.reserve(11)).isPositive();
    assertThat(meter.reserve(10)).isZero();
  }

  @Test
  void neverGivesMoreThanThereIsToManyAtOnce() throws InterruptedException {
    Meter meter = meter(0, 1_000, 3);
    AtomicInteger in = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    AtomicInteger granted = new AtomicInteger();
    try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
      for (int i = 0; i < 8; i++) {
        threads.execute(
            () -> {
              for (int j = 0; j < 1_000; j++) {
                if (meter.enter(1, 0).isZero()) {
                  most.accumulateAndGet(in.incrementAndGet(), Math::max);
                  in.decrementAndGet();
                  meter.leave(1);
                }
                if (meter.reserve(7).isZero()) {
                  granted.incrementAndGet();
                }
              }
            });
      }
    }
    assertThat(most.get()).isBetween(1, 3);
    assertThat(granted).hasValue(1_000 / 7);
  }
}
