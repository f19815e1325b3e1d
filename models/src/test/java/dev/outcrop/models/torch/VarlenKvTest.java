package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.models.engine.StepPlan;
import java.util.Arrays;
import java.util.Collections;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What the attention kernel of a GPU is told, number by number. */
class VarlenKvTest {
  private final StepPlan plan = new StepPlan();

  @Test
  void readsRangesOfTheArenaAsTheyLie() {
    row(29, 1, 0, 30);
    row(0, 20, 64, 20);

    assertThat(layout(null))
        .containsExactly(1, 1, 1, 0, 1, 2, 30, 20, 20, 0, 1, 0, 0, 30, 0, 20, 64, 0, 20);
  }

  @Test
  void readsAPrefixThatNeighboursShareOnce() {
    row(35, 1, 32, 32, 96, 4);
    row(39, 1, 32, 32, 64, 8);

    assertThat(layout(null))
        .containsExactly(
            2, 2, 0, 0, 3, 2, 32, 2, 1, // two decodes in two pieces, three sequences
            0, 2, 3, 4, 32, 96, 64, 0, 32, 4, 8, // both over the prefix, each over its own
            0, 0);
  }

  @Test
  void cutsTheLongestPieceUntilAllDecodesHaveAsMany() {
    row(35, 1, 32, 32, 96, 4);
    row(20, 1, 0, 21);

    assertThat(layout(null))
        .containsExactly(
            2, 2, 0, 0, 4, 2, 32, 2, 1, // the decode whose KV comes first in the arena is first
            0, 1, 2, 3, 4, 0, 32, 10, 96, 0, 10, 32, 11, 4, //
            0, 0);
  }

  @Test
  void takesADecodeOfFewerTokensThanPiecesForAPrompt() {
    row(0, 1, 0, 1);
    row(35, 1, 32, 32, 96, 4);

    assertThat(layout(null))
        .containsExactly(
            1, 2, 1, 0, 2, 2, 32, 2, 1, 0, 1, 2, 32, 96, 0, 32, 4, //
            0, 1, 0, 0, 1);
  }

  @Test
  void gathersKvOfPromptsInSeveralPieces() {
    row(3, 3, 32, 4, 64, 2);
    row(0, 2, 0, 2);

    assertThat(layout(null))
        .containsExactly(
            0, 1, 2, 8, 0, 2, 1, 3, 6, 0, 0, //
            0, 3, 5, 0, 6, 0, 6, 2, //
            32, 33, 34, 35, 64, 65, 0, 1);
  }

  /** A token sees four: itself and three before. */
  @Test
  void leavesOutWhatNoTokenOfTheRowSees() {
    row(9, 1, 0, 4, 32, 6); // sees 6 to 9, all in the second segment
    row(6, 3, 64, 9); // sees 3 to 8

    assertThat(layout(4))
        .containsExactly(1, 1, 1, 0, 1, 2, 4, 3, 6, 0, 1, 34, 0, 4, 0, 3, 67, 0, 6);
  }

  private void row(int position, int tokens, int... segments) {
    plan.row(position);
    plan.tokens(new int[tokens], 0, tokens);
    for (int i = 0; i < segments.length; i += 2) {
      plan.segment(segments[i], segments[i + 1]);
    }
  }

  /** The layout of the only window. */
  private long[] layout(@Nullable Integer window) {
    StepLayout layout = new StepLayout(Collections.singletonList(window), 97, false, true);
    layout.fill(plan);
    long[] numbers = layout.layout();
    assertThat(numbers[0]).isEqualTo(numbers.length - 1L);
    return Arrays.copyOfRange(numbers, 1, numbers.length);
  }
}
