package dev.outcrop.serving.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

final class VectorFormTest {
  @Test
  void packsTheFirstBitHighest() {
    float[] vector = {1, -1, 0, 0.5f, -0.5f, 0, 0, 2, 3};

    assertThat(VectorForm.bits(vector)).containsExactly(1, 0, 0, 1, 0, 0, 0, 1, 1);
    assertThat(VectorForm.packed(vector)).containsExactly(0b1001_0001, 0b1000_0000);
  }

  @Test
  void writesFloatsLittleEndian() {
    assertThat(VectorForm.base64(new float[] {1, -2})).isEqualTo("AACAPwAAAMA=");
  }

  @Test
  void keepsWholeNumbersWithinTheirBounds() {
    float[] one = new float[64];
    one[0] = 1;
    one[1] = -1;

    assertThat(VectorForm.int8(one)).startsWith(127, -128, 0);
    assertThat(VectorForm.plus(VectorForm.int8(one), 128)).startsWith(255, 0, 128);
  }

  /** What vectors of whole numbers are for: they compare as the vectors do. */
  @Test
  void wholeNumbersKeepTheCosine() {
    Random random = new Random(7);
    for (int pair = 0; pair < 100; pair++) {
      float[] one = new float[384];
      float[] other = new float[384];
      for (int i = 0; i < one.length; i++) {
        one[i] = (float) random.nextGaussian();
        other[i] = (float) (random.nextGaussian() + one[i] * pair / 50);
      }
      one = VectorForm.shortened(one, 384, true);
      other = VectorForm.shortened(other, 384, true);
      assertThat(cosine(VectorForm.int8(one), VectorForm.int8(other)))
          .isCloseTo(dot(one, other), within(0.005));
    }
  }

  private static double dot(float[] one, float[] other) {
    double dot = 0;
    for (int i = 0; i < one.length; i++) {
      dot += (double) one[i] * other[i];
    }
    return dot;
  }

  private static double cosine(int[] one, int[] other) {
    double dot = 0;
    double a = 0;
    double b = 0;
    for (int i = 0; i < one.length; i++) {
      dot += one[i] * other[i];
      a += one[i] * one[i];
      b += other[i] * other[i];
    }
    return dot / Math.sqrt(a * b);
  }
}
