package dev.outcrop.models.loading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.engine.Engine;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** The devices that a config file names, from there to the engine. */
class DevicesTest {
  private static final Path DEMO = Path.of("demo", "model");
  private static final LoadOptions OPTIONS =
      new LoadOptions(LoadOptions.Dtype.BFLOAT16, 4 << 20, 0, 1);

  private final StepPlan plan = new StepPlan();

  @Test
  void splitsLayersAsDevicesSay() {
    int[] whole = greedy(OPTIONS);
    int[] split = greedy(OPTIONS.on(List.of("cpu:0", "cpu:1")));

    assertThat(split).isEqualTo(whole);
  }

  private int[] greedy(LoadOptions options) {
    try (LoadedModel model = LoadedModel.open(DEMO, options);
        Engine engine = model.engine()) {
      int[] tokens = Arrays.copyOf(model.tokenizer().encodeTrusted("Good evening"), 32);
      int length = model.tokenizer().encodeTrusted("Good evening").length;
      for (int from = 0; length < tokens.length; ) {
        plan.clear();
        plan.row(from);
        plan.tokens(tokens, from, length - from);
        plan.segment(0, length);
        plan.sample(Sampling.GREEDY, tokens, 0, length);
        StepResult result = engine.submit(plan).await();
        from = length;
        tokens[length++] = ((StepResult.Sampled) result).tokens()[0];
      }
      return tokens;
    }
  }

  @Test
  void countsAGpuOnceHoweverItIsSpelt() {
    assertThat(LoadOptions.gpus(List.of("cuda", "cuda:0", "cuda:00", "cpu", "cpu:1", "cuda:2")))
        .containsExactly("cuda:0", "cuda:2");
  }

  @Test
  void saysWhatIsMissingForAGpu() {
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> LoadedModel.open(DEMO, OPTIONS.on(List.of("cuda:1"))))
        .satisfies(e -> assertThat(e.code()).isEqualTo(ModelError.DEVICE_MISSING))
        .withMessageStartingWith("cuda:1 cannot be used: this needs libtorch 2.7.1 built for CUDA");
  }

  @Test
  void refusesDevicesForModelsThatDoNotGenerate() throws Exception {
    Path encoder =
        Path.of(Objects.requireNonNull(getClass().getResource("/encoders/bert-mean")).toURI());
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> LoadedEncoder.open(encoder, OPTIONS.on(List.of("cuda"))))
        .withMessageContaining("devices are for models that generate");
  }

  @Test
  void refusesOtherDevices() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> OPTIONS.on(List.of("gpu")))
        .withMessage("a device is cpu, cpu:N, cuda or cuda:N");
  }

  @Test
  void refusesADeviceThatIsNamedTwice() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> OPTIONS.on(List.of("cuda", "cuda:1", "cuda:0")))
        .withMessage("devices must be named once each, was [cuda, cuda:1, cuda:0]");
  }
}
