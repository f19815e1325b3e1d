package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DrawsTest {
  @Test
  void drawsAreAFunctionOfSeedAndPosition() {
    assertThat(Draws.uniform(7, 3)).isEqualTo(Draws.uniform(7, 3));
    assertThat(Draws.uniform(7, 3)).isNotEqualTo(Draws.uniform(7, 4));
    assertThat(Draws.uniform(7, 3)).isNotEqualTo(Draws.uniform(8, 3));
  }

  @Test
  void drawsAreUniformAlongPositionsAndAlongSeeds() {
    assertUniform(IntStream.range(0, 10_000).mapToDouble(i -> Draws.uniform(42, i)).toArray());
    assertUniform(IntStream.range(0, 10_000).mapToDouble(i -> Draws.uniform(i, 42)).toArray());
  }

  private static void assertUniform(double[] draws) {
    int[] bins = new int[10];
    for (double draw : draws) {
      bins[(int) (10 * draw)]++;
    }
    for (int bin : bins) {
      assertThat((double) bin).isCloseTo(1000, within(150.0));
    }
  }
}
