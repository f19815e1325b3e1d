package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.pytorch.jni.IValue;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Linear layers of whole weights, in every layout and on every kernel, against plain arithmetic.
 */
final class WholeLinearTest {
  private static final int IN = 96;
  private static final int OUT = 40;
  private static final String CALLED =
      """

        def all_linear(self: __torch__.Decoder, w: Tensor, x: Tensor, y: Tensor) -> Tensor:
          weight = self.held([torch.narrow(w, 0, 0, 24), torch.narrow(w, 0, 24, 16)])
          other = self.held([w])
          bias = torch.contiguous(torch.select(w, 1, 0))
          plain = self.linear(x, weight, bias)
          return torch.stack([plain, self.linear_plus(x, y, other, bias),
            self.linear_times(x, y, weight, bias), self.linear_activated(x, other, bias)])

        def layout(self: __torch__.Decoder) -> Tensor:
          table, w, s, = self.held([torch.ones([40, 96])])
          return torch.tensor([table[68], torch.size(w, 0)], dtype=4)
      """;

  @ParameterizedTest
  @CsvSource({
    "1, 0, 1",
    "1, 0, 7",
    "1, 0, 70",
    "0, 0, 1",
    "0, 0, 7",
    "0, 0, 70",
    "0, 6, 1",
    "0, 6, 7",
    "0, 6, 70"
  })
  void multipliesAsWrittenOut(int packed, int kernel, int rows) {
    Random random = new Random(rows);
    float[] w = numbers(random, OUT * IN);
    float[] x = numbers(random, rows * IN);
    float[] y = numbers(random, rows * OUT);
    String text = DecoderProgram.text(Configs.tiny(64), ElementType.FLOAT32, true) + CALLED;
    try (TorchProgram program = TorchProgram.load(text)) {
      long[] kernels = new long[66];
      Arrays.fill(kernels, kernel);
      program.run(
          "hold_shape",
          IValue.from(OUT),
          IValue.from(IN),
          IValue.from(packed),
          IValue.listFrom(kernels));
      assertThat(program.runLongs("layout")).containsExactly(packed, OUT);

      float[] actual =
          program.runFloats(
              "all_linear",
              program.floats(w, OUT, IN),
              program.floats(x, rows, IN),
              program.floats(y, rows, OUT));

      int size = rows * OUT;
      for (int i = 0; i < size; i++) {
        double product = w[i % OUT * IN];
        for (int k = 0; k < IN; k++) {
          product += (double) x[i / OUT * IN + k] * w[i % OUT * IN + k];
        }
        List<Double> expected =
            List.of(product, product + y[i], product * y[i], product / (1 + Math.exp(-product)));
        for (int form = 0; form < expected.size(); form++) {
          assertThat((double) actual[form * size + i])
              .describedAs("form %d, number %d", form, i)
              .isCloseTo(expected.get(form), within(2e-3));
        }
      }
    }
  }

  private static float[] numbers(Random random, int count) {
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) random.nextGaussian();
    }
    return numbers;
  }
}
