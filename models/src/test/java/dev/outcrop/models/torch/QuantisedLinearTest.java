package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.pytorch.jni.IValue;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every kernel for quantised weights against the same arithmetic written out in Java. */
final class QuantisedLinearTest {
  private static final String CALLED =
      """

        def quantised_linear(self: __torch__.Decoder, w: Tensor, x: Tensor, kernel: int) -> Tensor:
          weight = self.held([torch.to(w, ${dtype})])
          table, q, s, = weight
          if kernel < 0:
            return torch.to(self.linear(torch.to(x, ${dtype}), weight, None), 6)
          return torch.to(self.run_kernel(kernel, torch.to(x, ${dtype}), q, s, table[66], table[67]), 6)
      """;

  @ParameterizedTest
  @CsvSource({
    // bits, group, fits, kernel, in, out, rows
    "8, 0, 8, 1, 64, 48, 1",
    "8, 0, 8, 1, 96, 50, 3",
    "8, 0, 8, 1, 160, 7, 9",
    "8, 0, 8, 2, 64, 48, 70",
    "8, 0, 8, 2, 4096, 1500, 2",
    "8, 0, 8, 3, 64, 48, 1",
    "8, 0, 8, 3, 96, 33, 5",
    "8, 0, 8, 7, 64, 48, 1",
    "8, 0, 8, 7, 96, 33, 5",
    "8, 0, 8, 7, 4096, 1500, 2",
    "8, 0, 8, -1, 96, 33, 64",
    "8, 0, 8, -1, 96, 33, 65",
    "8, 0, 16, -1, 40, 33, 3",
    "4, 32, 4, 4, 64, 64, 1",
    "4, 32, 4, 4, 96, 50, 3",
    "4, 32, 4, 5, 64, 64, 1",
    "4, 32, 4, 5, 96, 50, 70",
    "4, 32, 4, 5, 4096, 1500, 2",
    "4, 64, 4, 4, 128, 80, 17",
    "4, 64, 4, 5, 128, 80, 17",
    "4, 128, 4, 4, 256, 130, 2",
    "4, 128, 4, 5, 256, 130, 2",
    "4, 128, 4, -1, 256, 130, 70",
    "4, 128, 4, 4, 192, 64, 2",
    "4, 128, 4, 5, 96, 64, 2",
    "4, 64, 16, -1, 72, 64, 2"
  })
  void multipliesAsWrittenOut(
      int bits, int group, int fits, int kernel, int in, int out, int rows) {
    WeightFormat format = new WeightFormat(bits, group, false);
    Random random = new Random(in * 31L + out);
    float[] w = numbers(random, out * in);
    float[] x = numbers(random, rows * in);
    int fitting = group;
    while (fits == 4 && in % fitting != 0) {
      fitting /= 2;
    }
    float[] rounded =
        switch (fits) {
          case 8 -> inEightBits(w, in);
          case 4 -> inFourBits(w, fitting);
          default -> w;
        };
    float[] inputs = kernel == 3 ? inEightBits(x, in) : x;

    float[] actual = linear(ElementType.FLOAT32, format, w, x, kernel, in);

    assertThat(error(actual, product(rounded, inputs, in, out, rows))).isLessThan(1e-4);
    float[] half = linear(ElementType.BFLOAT16, format, w, x, kernel, in);
    assertThat(error(half, product(w, x, in, out, rows))).isLessThan(fits == 4 ? 0.13 : 0.03);
  }

  private static float[] numbers(Random random, int count) {
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) random.nextGaussian();
    }
    return numbers;
  }

  private static float[] linear(
      ElementType type, WeightFormat format, float[] w, float[] x, int kernel, int in) {
    String text = DecoderProgram.text(Configs.tiny(64), type, true, format);
    String called = CALLED.replace("${dtype}", Integer.toString(type.scalarType()));
    try (TorchProgram program = TorchProgram.load(text + called)) {
      return program.runFloats(
          "quantised_linear",
          program.floats(w, w.length / in, in),
          program.floats(x, x.length / in, in),
          IValue.from(kernel));
    }
  }

  private static float[] inEightBits(float[] rows, int width) {
    float[] rounded = new float[rows.length];
    for (int from = 0; from < rows.length; from += width) {
      float largest = 0;
      for (int i = from; i < from + width; i++) {
        largest = Math.max(largest, Math.abs(rows[i]));
      }
      float scale = largest / 127;
      for (int i = from; i < from + width; i++) {
        rounded[i] = (float) Math.rint(rows[i] / scale) * scale;
      }
    }
    return rounded;
  }

  private static float[] inFourBits(float[] numbers, int group) {
    float[] rounded = new float[numbers.length];
    for (int from = 0; from < numbers.length; from += group) {
      float least = Float.MAX_VALUE;
      float most = -Float.MAX_VALUE;
      for (int i = from; i < from + group; i++) {
        least = Math.min(least, numbers[i]);
        most = Math.max(most, numbers[i]);
      }
      float scale = (most - least) / 15;
      float zero = least + 8 * scale;
      for (int i = from; i < from + group; i++) {
        double q = Math.clamp(Math.rint((numbers[i] - zero) / scale) + 8, 0, 15);
        rounded[i] = (float) (q - 8) * scale + zero;
      }
    }
    return rounded;
  }

  private static float[] product(float[] w, float[] x, int in, int out, int rows) {
    float[] y = new float[rows * out];
    for (int r = 0; r < rows; r++) {
      for (int o = 0; o < out; o++) {
        double sum = 0;
        for (int i = 0; i < in; i++) {
          sum += (double) x[r * in + i] * w[o * in + i];
        }
        y[r * out + o] = (float) sum;
      }
    }
    return y;
  }

  /** The root of the mean squared difference, in parts of that of what is expected. */
  private static double error(float[] actual, float[] expected) {
    assertThat(actual).hasSameSizeAs(expected);
    double difference = 0;
    double size = 0;
    for (int i = 0; i < actual.length; i++) {
      difference += Math.pow((double) actual[i] - expected[i], 2);
      size += Math.pow(expected[i], 2);
    }
    return Math.sqrt(difference / size);
  }
}
