package dev.outcrop.batching.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

/** The knee of decodes that are to take 100 ms, so 120 ms with what prompts get. */
class KneeTest {
  private static final double MILLI = 1e6;
  private static final long INTERVAL = 120_000_000;

  @Test
  void isWhereTheDecodesWithRoomForPromptsTakeTheInterval() {
    // 10 ms and 2 ms more for each: 100 ms at 45
    assertThat(Knee.of(size -> (10 + 2 * size) * MILLI, 64, INTERVAL)).isEqualTo(45);
  }

  @Test
  void goesOnBeyondTheLargestBatchThatRan() {
    assertThat(Knee.of(known(1, 12, 4, 18, 8, 26), 64, INTERVAL)).isEqualTo(45);
  }

  @Test
  void isAtMostWhatMayRun() {
    assertThat(Knee.of(known(1, 12, 8, 26), 32, INTERVAL)).isEqualTo(32);
    assertThat(Knee.of(known(1, 12, 8, 12), 32, INTERVAL)).isEqualTo(32);
    assertThat(Knee.of(known(1, 12.1, 8, 12), 32, INTERVAL)).as("noise").isEqualTo(32);
    assertThat(Knee.of(known(1, 12, 8, 12.0000001), 1 << 20, INTERVAL)).isEqualTo(1 << 20);
  }

  @Test
  void liesBetweenTheSizesThatAreQuickEnoughAndTooSlow() {
    assertThat(Knee.of(known(1, 10, 4, 60, 8, 140), 64, INTERVAL)).isEqualTo(6);
  }

  @Test
  void isNotKnownFromOneSizeThatIsQuickEnough() {
    assertThat(Knee.of(size -> 0, 64, INTERVAL)).isZero();
    assertThat(Knee.of(known(4, 60), 64, INTERVAL)).isZero();
    assertThat(Knee.of(known(1, 60), 1, INTERVAL)).isEqualTo(1);
  }

  @Test
  void isBelowTheOneSizeThatIsTooSlowAndNeverBelowOne() {
    assertThat(Knee.of(known(8, 200), 64, INTERVAL)).isEqualTo(4);
    assertThat(Knee.of(known(1, 900), 64, INTERVAL)).isEqualTo(1);
  }

  @Test
  void doesNotBelieveThatASmallerBatchTakesLonger() {
    // 26 ms at 8 and 40 at 16: 100 ms at 50
    assertThat(Knee.of(known(1, 115, 8, 26, 16, 40), 64, INTERVAL)).isEqualTo(50);
    assertThat(Knee.of(known(1, 115, 4, 60, 8, 140), 64, INTERVAL)).isEqualTo(6);
    assertThat(Knee.of(known(1, 115, 8, 26), 32, INTERVAL)).isEqualTo(32);
    assertThat(Knee.of(known(4, 60, 8, 250, 16, 220), 64, INTERVAL)).isEqualTo(5);
  }

  @Test
  void isASizeThatTheCompiledShapesAreQuickEnoughFor() {
    // Shapes of 1, 4 and 8 rows: five decodes take as long as eight.
    Knee.DecodeTimes shapes = size -> (size <= 1 ? 10 : size <= 4 ? 60 : 140) * MILLI;
    assertThat(Knee.of(shapes, 8, INTERVAL)).isEqualTo(4);
  }

  @Test
  void isNotAskedForWithoutAnInterval() {
    assertThat(Knee.of(size -> 10 * MILLI, 64, 0)).isZero();
  }

  /** Sizes and the milliseconds that they take. */
  private static Knee.DecodeTimes known(double... sizesAndMillis) {
    Map<Integer, Double> known = new java.util.HashMap<>();
    for (int i = 0; i < sizesAndMillis.length; i += 2) {
      known.put((int) sizesAndMillis[i], sizesAndMillis[i + 1] * MILLI);
    }
    return size -> known.getOrDefault(size, 0.0);
  }
}
