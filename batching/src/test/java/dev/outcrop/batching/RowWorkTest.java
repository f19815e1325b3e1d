package dev.outcrop.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

final class RowWorkTest {
  private static final RowWork WORK = new RowWork(1_000, 2, 100, 1, 10);

  @Test
  void aDecodeIsItsKvAndItsPartOfTheWeights() {
    assertThat(WORK.of(1, 50, 1)).isEqualTo(1_000 + 100);
    assertThat(WORK.of(1, 50, 4)).isEqualTo(250 + 100);
  }

  @Test
  void aPromptIsItsOperations() {
    // 40 tokens that see 10.5 to 50 others: 40 * (100 + 30.5) operations, ten to a byte
    assertThat(WORK.of(40, 50, 4)).isEqualTo(40 * 130.5 / 10, within(1e-9));
  }

  @Test
  void withoutAModelTokensCount() {
    assertThat(RowWork.TOKENS.of(7, 100, 3)).isEqualTo(7);
  }

  @Test
  void numbersThatMeanNothingAreRefused() {
    assertThatThrownBy(() -> new RowWork(1, 1, 0, 1, 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new RowWork(1, 1, 1, 1, Double.NaN))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
