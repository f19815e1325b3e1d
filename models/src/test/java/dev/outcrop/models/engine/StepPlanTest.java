package dev.outcrop.models.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** What goes into a plan comes out of it, also where the plan is used again. */
class StepPlanTest {
  private final StepPlan plan = new StepPlan();

  @Test
  void readsAChunkWhereItLies() {
    int[] prompt = {5, 6, 7, 8, 9};
    plan.row(0);
    plan.tokens(prompt, 1, 3);
    plan.row(9);
    plan.token(4);
    plan.row(0);
    plan.tokens(prompt, 4, 1);

    assertThat(plan.tokens()).isEqualTo(5);
    assertThat(new int[] {plan.tokenId(0, 0), plan.tokenId(0, 2)}).containsExactly(6, 8);
    assertThat(plan.tokenId(1, 0)).isEqualTo(4);
    assertThat(plan.tokenId(2, 0)).isEqualTo(9);
    assertThat(plan.toString()).doesNotContain("6");
  }

  @Test
  void takesMoreRowsAndChunksThanBefore() {
    for (int round = 0; round < 2; round++) {
      plan.clear();
      for (int row = 0; row < 100; row++) {
        plan.row(row);
        plan.tokens(new int[] {row, row + 1}, 0, 2);
        plan.segment(10 * row, row + 2);
      }
    }

    assertThat(plan.rows()).isEqualTo(100);
    assertThat(plan.tokens()).isEqualTo(200);
    assertThat(plan.tokenId(99, 1)).isEqualTo(100);
    assertThat(plan.segmentSlot(99, 0)).isEqualTo(990);
  }

  @Test
  void givesARowItsTokensOnce() {
    plan.row(0);
    plan.token(1);

    assertThatThrownBy(() -> plan.tokens(new int[] {1, 2}, 0, 2))
        .isInstanceOf(IllegalStateException.class);
  }
}
