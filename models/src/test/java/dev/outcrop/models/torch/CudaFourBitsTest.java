package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.within;

import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.engine.StepPlan;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Weights of four bits in the program for GPUs, as far as they can be tried without one: libtorch
 * compiles the calls of its kernels, and methods that do and refuse what the kernels do and refuse
 * stand in for them on the processor.
 */
class CudaFourBitsTest {
  private static final TorchDevice GPU = TorchDevice.parse("cuda:0");
  private static final TorchDevice ON_CPU = new TorchDevice(TorchDevice.Kind.CUDA_ON_CPU, 0);
  private static final WeightFormat FORMAT = new WeightFormat(4, 32, false);
  private static final TorchOptions WHOLE = new TorchOptions(ElementType.FLOAT32, 512, 1);
  private static final TorchOptions FOUR_BITS =
      new TorchOptions(ElementType.FLOAT32, 512, 1, FORMAT);

  private final StepPlan plan = new StepPlan();

  @ParameterizedTest
  @MethodSource("dev.outcrop.models.torch.CudaProgramTest#fixtures")
  void isCompiledWithTheKernelOfFourBitsToo(String name) {
    DecoderConfig config = Fixture.read(name).config();
    int layers = config.layers().size();
    Stage stage = new Stage(0, layers, layers, GPU);
    String text = DecoderProgram.text(config, ElementType.BFLOAT16, false, FORMAT, stage);

    assertThat(text)
        .contains("torch._weight_int4pack_mm(", "torch._convert_weight_to_int4pack(")
        .doesNotContain("stand_in");
    assertThatNoException().isThrownBy(() -> TorchProgram.load(text).close());
  }

  /** In float32, as the stand-in can: in bfloat16 models of random weights are too far apart. */
  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama-biased", "qwen3", "gemma3_text", "starcoder2"})
  void readsFourBitsAsTheEngineOfTheProcessorDoes(String name) {
    Fixture fixture = Fixture.read(name);
    int n = fixture.length();
    fixture.row(plan, 0, n, 0, n);
    try (TorchEngine cpu = open(fixture, FOUR_BITS);
        TorchEngine gpu = open(fixture, FOUR_BITS.on(List.of(ON_CPU)));
        TorchEngine whole = open(fixture, WHOLE.on(List.of(ON_CPU)))) {
      float[][] expected = cpu.logits(plan);
      float[][] logits = gpu.logits(plan);
      float[][] exact = whole.logits(plan);
      double apart = 0; // from the same four bits, in other kernels
      double off = 0; // from the weights themselves
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < logits[i].length; j++) {
          apart = Math.max(apart, Math.abs(logits[i][j] - expected[i][j]));
          off = Math.max(off, Math.abs(logits[i][j] - exact[i][j]));
        }
      }
      // The processor's engine has the head in eight bits.
      assertThat(apart / fixture.largest()).isLessThan(0.02);
      assertThat(off / fixture.largest()).isGreaterThan(0.1);
    }
  }

  /** Not as on the processor: experts are narrower than the kernel's groups, so they stay whole. */
  @ParameterizedTest
  @ValueSource(strings = {"mixtral", "qwen2_moe", "qwen3_moe"})
  void saysTheSameInPiecesWithExpertsThatFourBitsDoNotFit(String name) {
    Fixture fixture = Fixture.read(name);
    int n = fixture.length();
    try (TorchEngine engine = open(fixture, FOUR_BITS.on(List.of(ON_CPU)))) {
      fixture.row(plan, 0, n, 0, n);
      float[][] whole = engine.logits(plan);
      plan.clear();
      fixture.row(plan, 0, 20, 256, 20);
      fixture.row(plan, 0, n - 1, 0, n - 1);
      engine.logits(plan);
      plan.clear();
      fixture.row(plan, n - 1, n, 0, n);
      fixture.row(plan, 20, n, 256, n);
      float[][] pieces = engine.logits(plan);
      assertThat(pieces[0]).containsExactly(whole[n - 1], within(fixture.largest() * 1e-4f));
      for (int i = 20; i < n; i++) {
        assertThat(pieces[i - 19]).containsExactly(whole[i], within(fixture.largest() * 1e-4f));
      }
    }
  }

  private static TorchEngine open(Fixture fixture, TorchOptions options) {
    return TorchEngine.open(fixture.config(), fixture.checkpoint(), options);
  }
}
