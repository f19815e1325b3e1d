package dev.outcrop.batching.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The share of requests that missed a target, over a sliding window. */
class AttainmentTest {
  private static final Duration WINDOW = Duration.ofMinutes(5);
  private static final long SECOND = 1_000_000_000L;
  private static final long BEGIN = Long.MAX_VALUE - 10 * SECOND;

  private final Attainment attainment = new Attainment(0.01, WINDOW, BEGIN);

  @Test
  void isTheShareOfMissesOverTheShareThatMayMiss() {
    count(200, 1, 0);
    assertThat(burn(0)).isEqualTo(0.5);

    count(200, 11, 0);
    assertThat(burn(0)).isEqualTo(3);
  }

  @Test
  void isZeroWhereNobodyCame() {
    assertThat(burn(0)).isZero();
    assertThat(burn(1_000_000)).isZero();
  }

  @Test
  void forgetsWhatIsOlderThanTheWindowEvenWhileNothingHappens() {
    count(10, 10, 5);
    count(10, 0, 100);

    assertThat(burn(299)).isEqualTo(50);
    assertThat(burn(300)).isZero();
    count(10, 5, 390);
    assertThat(burn(390)).isEqualTo(25);
    assertThat(burn(400)).isEqualTo(50);
    assertThat(burn(690)).isZero();
  }

  @Test
  void startsAnewAfterALongSilence() {
    count(10, 10, 5);
    count(4, 1, 100_000);

    assertThat(burn(100_000)).isEqualTo(25);
  }

  @Test
  void showsOnlyWhatWasPublished() {
    attainment.count(true, BEGIN);
    assertThat(burn(0)).isZero();
    attainment.publish();
    assertThat(burn(0)).isEqualTo(100);
  }

  private void count(int all, int missed, long second) {
    for (int i = 0; i < all; i++) {
      attainment.count(i < missed, BEGIN + second * SECOND);
    }
    attainment.publish();
  }

  private double burn(long second) {
    return attainment.burn(BEGIN + second * SECOND);
  }
}
