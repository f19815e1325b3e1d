package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

import ai.djl.engine.EngineException;
import ai.djl.pytorch.jni.IValue;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.arch.Rope;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The program for GPUs, as far as it can be tried without one: libtorch compiles it, which checks
 * operators and arguments; it runs on the processor with the attention kernel stood in for; and on
 * the meta device, which refuses tensors that were left on another one.
 */
class CudaProgramTest {
  private static final TorchDevice GPU = TorchDevice.parse("cuda:0");
  private static final TorchDevice ON_CPU = new TorchDevice(TorchDevice.Kind.CUDA_ON_CPU, 0);
  private static final TorchDevice ON_META = new TorchDevice(TorchDevice.Kind.CUDA_ON_META, 0);
  private static final TorchOptions OPTIONS = new TorchOptions(ElementType.FLOAT32, 512, 1);
  private static final TorchOptions STAND_IN = OPTIONS.on(List.of(ON_CPU));

  private final StepPlan plan = new StepPlan();

  /** Those without caps and sinks. */
  static Stream<String> fixtures() {
    return TorchEngineExactnessTest.fixtures()
        .filter(name -> !name.equals("gemma2") && !name.startsWith("gpt_oss"));
  }

  /** Those of them whose heads have a width that the kernel takes; DeepSeek's own do. */
  static Stream<String> runnable() {
    return fixtures().filter(name -> !name.startsWith("deepseek"));
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void isCompiledByLibtorchWithTheKernelsOfGpus(String name) {
    DecoderConfig config = Fixture.read(name).config();
    int layers = config.layers().size();
    Stage stage = new Stage(0, layers, layers, GPU);
    String text =
        DecoderProgram.text(config, ElementType.BFLOAT16, false, WeightFormat.PLAIN, stage);

    assertThat(text).contains("= torch._flash_attention_forward(").contains("\"cuda:0\"");
    assertThatNoException().isThrownBy(() -> TorchProgram.load(text).close());
  }

  /** As in {@link TorchEngineExactnessTest}. */
  @ParameterizedTest
  @MethodSource("runnable")
  void equalsTransformersHoweverTheSequenceIsRun(String name) {
    Fixture fixture = Fixture.read(name);
    int n = fixture.length();
    try (TorchEngine engine = open(fixture, STAND_IN)) {
      fixture.row(plan, 0, n, 0, n);
      assertThat(fixture.error(engine.logits(plan), 0)).as("solo").isLessThan(1e-4);
      int[] cuts = {0, 5, 39, 60, n};
      for (int i = 0; i + 1 < cuts.length; i++) {
        plan.clear();
        fixture.row(plan, cuts[i], cuts[i + 1], segments(cuts[i + 1], 256, 64, 160));
        assertThat(fixture.error(engine.logits(plan), cuts[i])).as("chunk").isLessThan(1e-4);
      }
      for (int i = 0; i < n; i += i < 40 ? 13 : 5) {
        plan.clear();
        fixture.row(plan, i, i + 1, segments(i + 1, 256, 64, 160));
        assertThat(fixture.error(engine.logits(plan), i)).as("token " + i).isLessThan(1e-4);
      }
    }
  }

  private static int[] segments(int end, int first, int second, int third) {
    if (end <= 32) {
      return new int[] {first, end};
    }
    if (end <= 47) {
      return new int[] {first, 32, second, end - 32};
    }
    return new int[] {first, 32, second, 15, third, end - 47};
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "llama",
        "llama-biased",
        "mistral",
        "gemma3_text",
        "qwen2-mixed",
        "qwen3",
        "phi3",
        "starcoder2",
        "granite",
        "mixtral"
      })
  void saysInMixedBatchesWhatTheEngineOfTheProcessorSays(String name) {
    Fixture fixture = Fixture.read(name);
    int[][] segments = {
      {0, 30}, // one piece
      {32, 32, 64, 8}, // two
      {32, 32, 96, 4}, // two, the first one that of the row before
      {32, 32, 128, 4, 160, 8}, // three, and the same prefix
      {192, 4, 224, 8, 256, 16, 288, 12}, // four
      {320, 2} // fewer tokens than another has pieces
    };
    try (TorchEngine cpu = open(fixture, OPTIONS);
        TorchEngine gpu = open(fixture, STAND_IN);
        TorchEngine split = open(fixture, OPTIONS.on(List.of(ON_CPU, ON_CPU)))) {
      for (TorchEngine engine : List.of(cpu, gpu, split)) {
        for (int[] row : segments) {
          plan.clear();
          fixture.row(plan, 0, tokens(row), row);
          assertThat(fixture.error(engine.logits(plan), 0)).isLessThan(1e-4);
        }
      }
      plan.clear();
      for (int row : new int[] {4, 1, 5, 0, 3, 2}) {
        fixture.row(plan, tokens(segments[row]) - 1, tokens(segments[row]), segments[row]);
      }
      fixture.row(plan, 0, 40, 352, 32, 384, 8); // prefill in two pieces
      fixture.row(plan, 3, 20, 32, 20); // and of a chunk in one
      float[][] expected = cpu.logits(plan);
      int[] tokens = step(cpu).tokens();
      for (TorchEngine engine : List.of(gpu, split)) {
        float[][] logits = engine.logits(plan);
        assertThat(step(engine).tokens()).isEqualTo(tokens);
        for (int i = 0; i < expected.length; i++) {
          assertThat(logits[i]).containsExactly(expected[i], within(fixture.largest() * 1e-4f));
        }
      }
    }
  }

  private static org.assertj.core.data.Offset<Float> within(float offset) {
    return org.assertj.core.api.Assertions.within(offset);
  }

  private StepResult.Sampled step(TorchEngine engine) {
    return (StepResult.Sampled) engine.submit(plan).await();
  }

  private static TorchEngine open(Fixture fixture, TorchOptions options) {
    return TorchEngine.open(fixture.config(), fixture.checkpoint(), options);
  }

  private static int tokens(int[] segments) {
    int tokens = 0;
    for (int i = 1; i < segments.length; i += 2) {
      tokens += segments[i];
    }
    return tokens;
  }

  @Test
  void movesKvAndDraws() {
    Fixture fixture = Fixture.read("llama");
    try (TorchEngine gpu = open(fixture, STAND_IN)) {
      FixtureSteps steps = new FixtureSteps(fixture);
      steps.moveKv(gpu);
      steps.draw(gpu);
    }
  }

  @Test
  void computesInBfloat16CloseToFloat32() {
    Fixture fixture = Fixture.read("llama");
    TorchOptions half = new TorchOptions(ElementType.BFLOAT16, 256, 1).on(List.of(ON_CPU));
    assertThat(fixture.error(fixture.said(half), 0)).isBetween(1e-4, 0.1);
  }

  /**
   * Some operators of a step have shapes on the meta device only from Python, and products do not
   * look whether what they are given lies on one device. Here these methods do.
   */
  private static final String SHAPES =
      """
        def shaped_norm(self: __torch__.Decoder, x: Tensor, shape: List[int], weight: Optional[Tensor], bias: Optional[Tensor], eps: float) -> Tuple[Tensor, Tensor, Tensor]:
          for t in [weight, bias]:
            if t is not None:
              assert unchecked_cast(Tensor, t).device == x.device, "a norm on another device"
          return (torch.empty_like(x), x, x)

        def shaped_select(self: __torch__.Decoder, x: Tensor, dimension: int, index: Tensor) -> Tensor:
          assert index.device == x.device, "an index on another device"
          shape = torch.size(x)
          shape[dimension] = torch.size(index, 0)
          return torch.empty(shape, dtype=x.dtype, device=x.device)

        def shaped_linear(self: __torch__.Decoder, x: Tensor, weight: Tensor, bias: Optional[Tensor]) -> Tensor:
          assert weight.device == x.device, "a weight on another device"
          if bias is not None:
            assert unchecked_cast(Tensor, bias).device == x.device, "a bias on another device"
          return torch.linear(x, weight, bias)

        def shaped_addmm(self: __torch__.Decoder, sum: Tensor, x: Tensor, weight: Tensor, alpha: float=1.) -> Tensor:
          assert weight.device == x.device and sum.device == x.device, "a weight on another device"
          return torch.addmm_(sum, x, weight, alpha=alpha)

        def shaped_embedding(self: __torch__.Decoder, x: Tensor, index: Tensor) -> Tensor:
          return self.shaped_select(x, 0, index)
      """;

  private static TorchProgram onMeta(Fixture fixture, UnaryOperator<String> change) {
    int layers = fixture.config().layers().size();
    Stage stage = new Stage(0, layers, layers, ON_META);
    String text =
        DecoderProgram.text(
                fixture.config(), ElementType.BFLOAT16, false, WeightFormat.PLAIN, stage)
            .replace("torch.native_layer_norm(", "self.shaped_norm(")
            .replace("torch.index_select(", "self.shaped_select(")
            .replace("torch.linear(", "self.shaped_linear(")
            .replace("torch.addmm_(", "self.shaped_addmm(")
            .replace("torch.embedding(", "self.shaped_embedding(");
    TorchProgram program = TorchProgram.load(change.apply(text + SHAPES));
    DecoderWeights.load(new WeightSource(program, fixture.checkpoint(), null), fixture.config());
    program.run("place");
    program.run("allocate_arena", IValue.from(512));
    return program;
  }

  /** Experts ask how many rows each has, which the meta device cannot say. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "llama",
        "llama-biased",
        "llama-yarn",
        "mistral",
        "gemma3_text",
        "qwen2-mixed",
        "qwen3",
        "phi3",
        "olmo2",
        "granite",
        "smollm3",
        "starcoder2"
      })
  void leavesNothingOnAnotherDevice(String name) {
    Fixture fixture = Fixture.read(name);
    try (TorchProgram program = onMeta(fixture, text -> text)) {
      runMixedSteps(fixture, program);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"qkv", "output", "down", "qkv_bias", "attention_norm", "inverse_frequencies"})
  void noticesWhatWasLeftOnAnotherDevice(String weights) {
    Fixture fixture = Fixture.read("llama-biased");
    boolean matrix = List.of("qkv", "output", "down").contains(weights);
    String moved =
        "self.%s = self.%s(self.%s)".formatted(weights, matrix ? "placed" : "moved", weights);
    try (TorchProgram program = onMeta(fixture, text -> without(text, moved))) {
      assertThatExceptionOfType(EngineException.class)
          .isThrownBy(() -> runMixedSteps(fixture, program));
    }
  }

  private static String without(String text, String line) {
    assertThat(text).contains(line);
    return text.replace(line, "pass");
  }

  private void runMixedSteps(Fixture fixture, TorchProgram program) {
    StepLayout layout =
        new StepLayout(
            DecoderProgram.windows(fixture.config()),
            fixture.config().vocabularySize(),
            DecoderProgram.ropes(fixture.config()).stream().anyMatch(Rope::hasForms),
            true);
    for (int end : new int[] {20, 40}) {
      plan.clear();
      fixture.row(plan, 29, 30, 0, 30);
      fixture.row(plan, 39, 40, end == 40 ? new int[] {64, 32, 96, 8} : new int[] {64, 40});
      fixture.row(plan, 3, end, end == 40 ? new int[] {128, 32, 160, 8} : new int[] {128, 20});
      layout.fill(plan);
      IValue tokens = program.longs(layout.tokenTable(), layout.tableRows(), layout.tokens());
      IValue x = program.call("hidden", tokens, IValue.listFrom(layout.layout()));
      program.run("project", x, IValue.listFrom(0L, 1L));
    }
  }

  @Test
  void saysWhatIsMissingWhereThereIsNoGpu() {
    Fixture fixture = Fixture.read("llama");
    TorchOptions options = new TorchOptions(ElementType.BFLOAT16, 64, 1).on(List.of(GPU));
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> open(fixture, options))
        .satisfies(e -> assertThat(e.code()).isEqualTo(ModelError.DEVICE_MISSING))
        .withMessageContaining("cuda:0")
        .withMessageContaining("libtorch 2.7.1 built for CUDA")
        .withMessageContaining("PYTORCH_LIBRARY_PATH");
  }

  @ParameterizedTest
  @CsvSource({
    "gemma2, BFLOAT16, 0, scores with a soft cap",
    "gpt_oss, BFLOAT16, 0, attention sinks",
    "deepseek_v3, BFLOAT16, 0, heads of 20 dimensions (multiples of 8 up to 256 are)",
    "llama, FLOAT32, 0, dtype float32 (bfloat16 is)",
    "llama, BFLOAT16, 8, weights of eight bits (four are)"
  })
  void refusesWhatTheKernelsDoNotTake(String name, ElementType type, int bits, String what) {
    Fixture fixture = Fixture.read(name);
    WeightFormat format = bits == 0 ? WeightFormat.PLAIN : new WeightFormat(bits, 0, false);
    TorchOptions options = new TorchOptions(type, 64, 1, format).on(List.of(GPU));
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> open(fixture, options))
        .satisfies(e -> assertThat(e.code()).isEqualTo(ModelError.CHECKPOINT_UNSUPPORTED))
        .withMessage("cuda:0: not supported on a GPU: " + what);
  }

  @Test
  void refusesAModelOnDevicesOfTwoKinds() {
    Fixture fixture = Fixture.read("llama");
    TorchOptions options = OPTIONS.on(List.of(TorchDevice.CPU, GPU));
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> open(fixture, options))
        .withMessage("the devices of a model have to be of one kind, were [cpu, cuda:0]");
  }
}
