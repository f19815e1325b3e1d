package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.arch.Rope;
import dev.outcrop.models.engine.StepPlan;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The fixtures notice when a family's own feature is left out. */
class MutationTest {
  static Stream<Arguments> features() {
    UnaryOperator<DecoderConfig> noScaling =
        c -> Configs.withRope(c, new Rope.Default(c.rope().theta()));
    UnaryOperator<DecoderConfig> noBias = Configs::withoutBias;
    UnaryOperator<DecoderConfig> noNorm = Configs::withoutQkNorm;
    UnaryOperator<DecoderConfig> noWindow = Configs::withoutWindow;
    return Stream.of(
        Arguments.of("llama", "rope scaling", noScaling),
        Arguments.of("llama-biased", "rope scaling", noScaling),
        Arguments.of("llama-biased", "bias", noBias),
        Arguments.of("qwen2", "bias", noBias),
        Arguments.of("qwen3", "q/k norm", noNorm),
        Arguments.of("mistral", "window", noWindow));
  }

  @ParameterizedTest(name = "{0} without {1}")
  @MethodSource("features")
  void noticesTheMissingFeature(
      String name, String feature, UnaryOperator<DecoderConfig> mutation) {
    Fixture fixture = Fixture.read(name);
    DecoderConfig mutated = mutation.apply(fixture.config());

    assertThat(mutated).as(feature).isNotEqualTo(fixture.config());
    assertThat(error(fixture, fixture.config())).isLessThan(TorchEngineExactnessTest.BOUND);
    assertThat(error(fixture, mutated)).isGreaterThan(100 * TorchEngineExactnessTest.BOUND);
  }

  private static double error(Fixture fixture, DecoderConfig config) {
    TorchOptions options = new TorchOptions(ElementType.FLOAT32, 128, 1);
    try (TorchEngine engine = TorchEngine.open(config, fixture.checkpoint(), options)) {
      StepPlan plan = new StepPlan();
      fixture.row(plan, 0, fixture.length(), 0, fixture.length());
      return fixture.error(engine.logits(plan), 0);
    }
  }
}
