package dev.outcrop.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.outcrop.batching.RowWork.Window;
import java.util.List;
import org.junit.jupiter.api.Test;

final class RowWorkTest {
  private static final RowWork WORK = new RowWork(1_000, 2, 100, 1, 10);

  @Test
  void aDecodeIsItsKvAndItsPartOfTheWeights() {
    assertThat(WORK.part(1, 50, 1_000)).isEqualTo(10 * (1_000 + 100));
    assertThat(WORK.part(1, 50, 250)).isEqualTo(10 * (250 + 100));
  }

  @Test
  void aPromptIsItsOperations() {
    // 40 tokens that see 11 to 50: 30.5 on average
    assertThat(WORK.part(40, 50, 250)).isEqualTo(40 * 130.5);
  }

  @Test
  void withoutAModelTokensCount() {
    assertThat(RowWork.TOKENS.part(7, 100, 0)).isEqualTo(7);
  }

  /** Against every token by itself, for chunks before, across and behind the ends of windows. */
  @Test
  void aRowSeesNoFurtherThanItsWindows() {
    List<Window> windows = List.of(new Window(8, 3, 0.5), new Window(20, 5, 2));
    RowWork bytes =
        new RowWork(0, 2, 1e-9, 0, 1, windows.stream().map(RowWorkTest::bytes).toList());
    RowWork flops = new RowWork(0, 0, 100, 1, 1, windows.stream().map(RowWorkTest::flops).toList());
    for (int context = 1; context <= 40; context++) {
      for (int tokens = 1; tokens <= context; tokens++) {
        int first = context - tokens + 1;
        double read = 2.0 * context;
        double done = 0;
        for (Window window : windows) {
          read += window.kvBytesPerToken() * (context - Math.max(0, first - window.tokens()));
        }
        for (int seen = first; seen <= context; seen++) {
          done += 100 + seen;
          for (Window window : windows) {
            done += window.flopsPerPair() * Math.min(seen, window.tokens());
          }
        }
        assertThat(bytes.part(tokens, context, 0)).isEqualTo(read, within(1e-9));
        assertThat(flops.part(tokens, context, 0)).isEqualTo(done, within(1e-9));
      }
    }
  }

  private static Window bytes(Window of) {
    return new Window(of.tokens(), of.kvBytesPerToken(), 0);
  }

  private static Window flops(Window of) {
    return new Window(of.tokens(), 0, of.flopsPerPair());
  }

  @Test
  void numbersThatMeanNothingAreRefused() {
    assertThatThrownBy(() -> new RowWork(1, 1, 0, 1, 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new RowWork(1, 1, 1, 1, Double.NaN))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Window(0, 1, 1)).isInstanceOf(IllegalArgumentException.class);
  }
}
