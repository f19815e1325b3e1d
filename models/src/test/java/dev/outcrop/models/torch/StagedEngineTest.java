package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.outcrop.models.OutcropException;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A model in stages against the same one in a single program. Both "devices" are the processor, so
 * that the two compute the same and results are equal to the last bit.
 */
class StagedEngineTest {
  private static final int[][] SEGMENTS = {
    {0, 30}, {32, 8, 64, 8, 96, 24}, {128, 32, 160, 4}, {128, 32, 192, 8}
  };

  private final StepPlan plan = new StepPlan();

  @ParameterizedTest
  @ValueSource(
      strings = {
        "llama",
        "mistral",
        "gemma2",
        "gemma3_text",
        "qwen2-mixed",
        "phi3",
        "olmo2",
        "mixtral",
        "qwen2_moe",
        "gpt_oss",
        "deepseek_v3"
      })
  void saysWhatTheWholeModelSays(String name) {
    Fixture fixture = Fixture.read(name);
    TorchOptions options = new TorchOptions(ElementType.FLOAT32, 512, 1);
    int layers = fixture.config().layers().size();
    try (TorchEngine whole = TorchEngine.open(fixture.config(), fixture.checkpoint(), options);
        TorchEngine two = open(fixture, options, 2);
        TorchEngine each = open(fixture, options, layers)) {
      assertThat(layers).isGreaterThan(1);
      assertThat(two.geometry()).isEqualTo(whole.geometry());
      List<TorchEngine> engines = List.of(whole, two, each);
      for (int[] segments : SEGMENTS) { // the third and the fourth share a prefix
        plan.clear();
        boolean found = segments == SEGMENTS[3];
        fixture.row(plan, found ? 32 : 0, tokens(segments), segments);
        equal(engines);
      }
      plan.clear();
      for (int row : new int[] {3, 0, 2, 1}) {
        fixture.row(plan, tokens(SEGMENTS[row]) - 1, tokens(SEGMENTS[row]), SEGMENTS[row]);
      }
      fixture.row(plan, 0, 40, 320, 32, 352, 8);
      equal(engines);
      assertThat(fixture.error(new float[][] {two.logits(plan)[1]}, 29)).isLessThan(1e-4);
    }
  }

  private void equal(List<TorchEngine> engines) {
    float[][] logits = engines.getFirst().logits(plan);
    int[] tokens = sampled(engines.getFirst()).tokens();
    for (TorchEngine engine : engines.subList(1, engines.size())) {
      assertThat(engine.logits(plan)).isDeepEqualTo(logits);
      assertThat(sampled(engine).tokens()).isEqualTo(tokens);
    }
  }

  private StepResult.Sampled sampled(TorchEngine engine) {
    return (StepResult.Sampled) engine.submit(plan).await();
  }

  private static int tokens(int[] segments) {
    int tokens = 0;
    for (int i = 1; i < segments.length; i += 2) {
      tokens += segments[i];
    }
    return tokens;
  }

  private static TorchEngine open(Fixture fixture, TorchOptions options, int stages) {
    return TorchEngine.open(
        fixture.config(), fixture.checkpoint(), options.on(Stages.processors(stages)));
  }

  @ParameterizedTest
  @EnumSource(ElementType.class)
  void answersGreedilyAsTheWholeModelDoes(ElementType type) {
    Fixture fixture = Fixture.read("llama");
    TorchOptions options = new TorchOptions(type, 512, 1);
    try (TorchEngine whole = TorchEngine.open(fixture.config(), fixture.checkpoint(), options);
        TorchEngine two = open(fixture, options, 2)) {
      for (int end = fixture.promptTokens(); end < fixture.length(); end++) {
        plan.clear();
        fixture.row(plan, end == fixture.promptTokens() ? 0 : end - 1, end, 0, end);
        int[] tokens = sampled(two).tokens();
        assertThat(tokens).isEqualTo(sampled(whole).tokens());
        if (type == ElementType.FLOAT32) {
          assertThat(tokens).containsExactly(fixture.tokens()[end]);
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"8, 0", "4, 32"})
  void holdsQuantisedWeightsInEveryStage(int bits, int group) {
    Fixture fixture = Fixture.read("llama");
    TorchOptions options =
        new TorchOptions(ElementType.BFLOAT16, 256, 1, new WeightFormat(bits, group, false));
    fixture.row(plan, 0, 20, 0, 20);
    try (TorchEngine whole = TorchEngine.open(fixture.config(), fixture.checkpoint(), options);
        TorchEngine two = open(fixture, options, 2)) {
      assertThat(two.logits(plan)).isDeepEqualTo(whole.logits(plan));
    }
  }

  @Test
  void movesKvDrawsAndFailsAsTheWholeModelDoes() {
    Fixture fixture = Fixture.read("llama");
    TorchOptions options = new TorchOptions(ElementType.FLOAT32, 512, 1);
    try (TorchEngine two = open(fixture, options, 2)) {
      final long handles = TorchEngine.openHandles();
      FixtureSteps steps = new FixtureSteps(fixture);
      steps.moveKv(two);
      steps.draw(two);

      plan.clear();
      plan.row(0);
      plan.tokens(new int[] {1_000_000}, 0, 1);
      plan.segment(0, 1);
      plan.sample(Sampling.GREEDY, new int[] {1_000_000}, 1, 1);
      assertThat(two.submit(plan).await()).isInstanceOf(StepResult.Failed.class);
      assertThat(TorchEngine.openHandles()).isEqualTo(handles);
    }
  }

  @Test
  void drawsWeightsForEveryStage() {
    TorchOptions options = new TorchOptions(ElementType.FLOAT32, 64, 1).on(Stages.processors(2));
    try (TorchEngine two = TorchEngine.random(Configs.tiny(64), options)) {
      plan.row(0);
      plan.tokens(new int[] {1, 2, 3}, 0, 3);
      plan.segment(0, 3);
      plan.sample(Sampling.GREEDY, new int[] {1, 2, 3}, 3, 3);
      assertThat(sampled(two).tokens()[0]).isBetween(0, 63);
    }
  }

  @Test
  void refusesMoreStagesThanLayersBeforeAnythingIsRead() {
    Fixture fixture = Fixture.read("llama");
    TorchOptions options = new TorchOptions(ElementType.FLOAT32, 64, 1);
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> open(fixture, options, 9))
        .withMessage("a model of 3 layers cannot be split over 9 devices");
  }
}
