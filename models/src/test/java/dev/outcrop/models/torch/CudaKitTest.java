package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import ai.djl.pytorch.jni.IValue;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.arch.Attention;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A kit, replayed by hand in a libtorch, does what an engine does. */
class CudaKitTest {
  private static final TorchDevice ON_CPU = new TorchDevice(TorchDevice.Kind.CUDA_ON_CPU, 0);
  private static final TorchOptions STAND_IN =
      new TorchOptions(ElementType.FLOAT32, 500, 1).on(List.of(ON_CPU));

  @TempDir private Path folder;

  private final StepPlan plan = new StepPlan();

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama-biased", "qwen3", "gemma3_text", "phi3", "mixtral"})
  void replayedSaysWhatTheEngineSays(String name) throws IOException {
    Fixture fixture = Fixture.read(name);
    CudaKit kit = new CudaKit(fixture.config(), STAND_IN);
    try (TorchEngine engine = TorchEngine.open(fixture.config(), fixture.checkpoint(), STAND_IN);
        TorchProgram program = loaded(kit, kit.loaded(fixture.checkpoint()))) {
      fixture.row(plan, 0, 40, 0, 32, 64, 8);
      fixture.row(plan, 0, 30, 128, 30);
      assertThat(logits(kit, program)).isEqualTo(flat(engine.logits(plan)));
      plan.clear();
      fixture.row(plan, 39, 40, 0, 32, 64, 8);
      fixture.row(plan, 30, 38, 128, 32, 192, 6);
      fixture.row(plan, 29, 30, 128, 30);
      assertThat(logits(kit, program)).isEqualTo(flat(engine.logits(plan)));
      StepResult.Sampled sampled = (StepResult.Sampled) engine.submit(plan).await();
      assertThat(greedy(kit, program)).containsExactly(sampled.tokens());
    }
  }

  @Test
  void drawsWeightsAndTakesAsManyTokensOfKvAsTheEngine() throws IOException {
    DecoderConfig config = DecoderConfig.llama(64, 32, 64, Attention.plain(4, 2, 8), 2, 48);
    CudaKit kit = new CudaKit(config, STAND_IN);

    List<CudaKit.Call> calls = kit.drawn();

    assertThat(calls.subList(0, 3))
        .extracting(CudaKit.Call::method)
        .containsExactly("fill_norm", "fill_norm", "draw_linear");
    assertThat(calls.get(2).arguments()).isEqualTo(List.of("qkv", 64L, 32L));
    assertThat(calls.getLast()).isEqualTo(new CudaKit.Call("allocate_arena", List.of(512L)));
    try (TorchProgram program = loaded(kit, calls)) {
      plan.row(0);
      plan.tokens(new int[] {1, 2, 3}, 0, 3);
      plan.segment(480, 3);
      plan.sample(Sampling.GREEDY, new int[] {1, 2, 3}, 3, 3);
      assertThat(greedy(kit, program)).hasSize(1);
      assertThat(greedy(kit, program)[0]).isBetween(0, 63);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {16, 4})
  void holdsAnArchiveForAGpuThatLibtorchCompiles(int bits) throws IOException {
    WeightFormat format = bits == 16 ? WeightFormat.PLAIN : new WeightFormat(4, 32, false);
    TorchOptions options = new TorchOptions(ElementType.BFLOAT16, 64, 1, format);
    CudaKit kit =
        new CudaKit(
            Fixture.read("llama").config(), options.on(List.of(TorchDevice.parse("cuda:0"))));

    assertThat(kit.device()).isEqualTo("cuda:0");
    Path archive = Files.write(folder.resolve("model.pt"), kit.archive());
    TorchProgram.read(archive).close();
  }

  @Test
  void refusesWhatNoGpuOfOursDoes() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new CudaKit(Fixture.read("llama").config(), STAND_IN.on(List.of(TorchDevice.CPU))));
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> new CudaKit(Fixture.read("gemma2").config(), STAND_IN))
        .withMessage("cpu: not supported on a GPU: scores with a soft cap");
  }

  private TorchProgram loaded(CudaKit kit, List<CudaKit.Call> calls) throws IOException {
    Path archive = Files.write(folder.resolve("program.pt"), kit.archive());
    TorchProgram program = TorchProgram.read(archive);
    WeightCalls into = WeightCalls.of(program);
    calls.forEach(call -> into.call(call.method(), call.arguments().toArray()));
    return program;
  }

  private float[] logits(CudaKit kit, TorchProgram program) {
    CudaKit.Call call = kit.logits(plan);
    return program.runFloats(call.method(), arguments(program, call));
  }

  private int[] greedy(CudaKit kit, TorchProgram program) {
    CudaKit.Call call = kit.step(plan);
    long[] tokens = program.runLongs(call.method(), arguments(program, call));
    return Arrays.stream(tokens).mapToInt(Math::toIntExact).toArray();
  }

  private static IValue[] arguments(TorchProgram program, CudaKit.Call call) {
    long[][] table = (long[][]) call.arguments().get(0);
    long[] flat = Arrays.stream(table).flatMapToLong(Arrays::stream).toArray();
    return new IValue[] {
      program.longs(flat, table.length, table[0].length),
      IValue.listFrom((long[]) call.arguments().get(1)),
      IValue.listFrom((long[]) call.arguments().get(2))
    };
  }

  private static float[] flat(float[][] rows) {
    float[] flat = new float[rows.length * rows[0].length];
    for (int row = 0; row < rows.length; row++) {
      System.arraycopy(rows[row], 0, flat, row * rows[0].length, rows[0].length);
    }
    return flat;
  }
}
