package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.arch.Activation;
import dev.outcrop.models.arch.Attention.QkNorm;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.arch.Experts;
import dev.outcrop.models.arch.Layer;
import dev.outcrop.models.arch.Mlp;
import dev.outcrop.models.arch.Norms;
import dev.outcrop.models.arch.Norms.Kind;
import dev.outcrop.models.arch.Norms.Place;
import dev.outcrop.models.arch.Rope;
import dev.outcrop.models.arch.Scales;
import dev.outcrop.models.engine.StepPlan;
import java.util.HashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The fixtures notice when a family's own feature is left out. */
class MutationTest {
  private static final UnaryOperator<DecoderConfig> NO_SCALING =
      Configs.rope(rope -> new Rope.Default(rope.theta()));
  private static final UnaryOperator<DecoderConfig> NO_WINDOW =
      Configs.layers(layer -> new Layer(null, layer.rope(), layer.mlp()));
  private static final UnaryOperator<DecoderConfig> NO_BIAS =
      Configs.attention(a -> a.withBias(false, a.outputBias()));
  private static final UnaryOperator<DecoderConfig> NO_OUTPUT_BIAS =
      Configs.attention(a -> a.withBias(a.bias(), false));
  private static final UnaryOperator<DecoderConfig> NO_MLP_BIAS =
      Configs.layers(MutationTest::bare);
  private static final UnaryOperator<DecoderConfig> NO_QK_NORM =
      Configs.attention(a -> a.withQkNorm(QkNorm.NONE));
  private static final UnaryOperator<DecoderConfig> USUAL_SCALE =
      Configs.attention(a -> a.withScores(1 / Math.sqrt(a.headDim()), a.softCap()));
  private static final UnaryOperator<DecoderConfig> NO_EMBEDDING_SCALE =
      Configs.scales(s -> new Scales(1, s.residual(), s.logits(), s.logitsCap()));
  private static final UnaryOperator<DecoderConfig> NO_LOGITS_CAP =
      Configs.scales(s -> new Scales(s.embedding(), s.residual(), s.logits(), null));
  private static final UnaryOperator<DecoderConfig> NO_PLUS_ONE =
      Configs.norms(n -> new Norms(n.kind(), n.eps(), n.place(), false));
  private static final UnaryOperator<DecoderConfig> NO_NORM_AFTER =
      Configs.norms(n -> new Norms(n.kind(), n.eps(), Place.BEFORE, n.plusOne()));
  private static final UnaryOperator<DecoderConfig> SILU =
      Configs.layers(layer -> activated(layer, Activation.SILU));
  private static final UnaryOperator<DecoderConfig> ERF =
      Configs.layers(layer -> activated(layer, Activation.GELU));
  private static final UnaryOperator<DecoderConfig> RMS_NORM =
      Configs.norms(n -> new Norms(Kind.RMS, n.eps(), n.place(), false));

  private static final UnaryOperator<DecoderConfig> ALL_WINDOWED =
      Configs.layers(layer -> new Layer(12, layer.rope(), layer.mlp()));
  private static final UnaryOperator<DecoderConfig> NO_ROPE_FACTOR =
      Configs.rope(MutationTest::withoutFactor);

  /** The error of every fixture as it is, measured once. */
  private static final Map<String, Double> UNCHANGED = new HashMap<>();

  static Stream<Arguments> features() {
    return Stream.of(
        of("llama", "rope scaling", NO_SCALING),
        of("llama-biased", "rope scaling", NO_SCALING),
        of("llama-biased", "bias", NO_BIAS),
        of("llama-biased", "output bias", NO_OUTPUT_BIAS),
        of("llama-biased", "MLP bias", NO_MLP_BIAS),
        of("llama-dynamic", "rope scaling", NO_SCALING),
        of("llama-yarn", "rope scaling", NO_SCALING),
        of("llama-yarn", "factor of sines and cosines", NO_ROPE_FACTOR),
        of("qwen2", "bias", NO_BIAS),
        of("qwen2-mixed", "window", NO_WINDOW),
        of("qwen2-mixed", "layers without window", ALL_WINDOWED),
        of("qwen3", "q/k norm", NO_QK_NORM),
        of("mistral", "window", NO_WINDOW),
        of("gemma2", "cap of scores", Configs.attention(a -> a.withScores(a.scale(), null))),
        of("gemma2", "cap of logits", NO_LOGITS_CAP),
        of("gemma2", "window", NO_WINDOW),
        of("gemma2", "layers without window", ALL_WINDOWED),
        of("gemma2", "scale of the embedding", NO_EMBEDDING_SCALE),
        of("gemma2", "scale of scores", USUAL_SCALE),
        of("gemma2", "1 + weight of norms", NO_PLUS_ONE),
        of("gemma2", "norms after", NO_NORM_AFTER),
        of("gemma2", "GELU", SILU),
        of("gemma3_text", "rope of windowed layers", Configs.rope(MutationTest::global)),
        of("gemma3_text", "rope scaling", NO_SCALING),
        of("gemma3_text", "window", NO_WINDOW),
        of("gemma3_text", "layers without window", ALL_WINDOWED),
        of("gemma3_text", "q/k norm", NO_QK_NORM),
        of("gemma3_text", "scale of the embedding", NO_EMBEDDING_SCALE),
        of("gemma3_text", "scale of scores", USUAL_SCALE),
        of("gemma3_text", "1 + weight of norms", NO_PLUS_ONE),
        of("gemma3_text", "norms after", NO_NORM_AFTER),
        of("gemma3_text", "GELU", SILU),
        of("phi3", "partial rotation", MutationTest::rotatingInFull),
        of("phi3", "long factors", Configs.rope(rope -> oneKind(rope, false))),
        of("phi3", "factor of sines and cosines", NO_ROPE_FACTOR),
        of("phi3", "window", NO_WINDOW),
        of("phi3-short", "short factors", Configs.rope(rope -> oneKind(rope, true))),
        of("phi3-short", "rope scaling", NO_SCALING),
        of("olmo2", "q/k norm", NO_QK_NORM),
        of("olmo2", "norm over all heads", Configs.attention(a -> a.withQkNorm(QkNorm.HEAD))),
        of("olmo2", "norms after, not before", NO_NORM_AFTER),
        of("granite", "scale of the embedding", NO_EMBEDDING_SCALE),
        of("granite", "scale of scores", USUAL_SCALE),
        of("granite", "scale of the residual", Configs.scales(MutationTest::wholeResidual)),
        of("granite", "divisor of logits", Configs.scales(MutationTest::undividedLogits)),
        of("smollm3", "layers without rope", Configs.layers(MutationTest::rotating)),
        of("starcoder2", "bias", NO_BIAS),
        of("starcoder2", "output bias", NO_OUTPUT_BIAS),
        of("starcoder2", "MLP bias", NO_MLP_BIAS),
        of("starcoder2", "window", NO_WINDOW),
        of("starcoder2", "mean and bias of norms", RMS_NORM),
        of("starcoder2", "GELU", SILU));
  }

  private static Arguments of(String name, String feature, UnaryOperator<DecoderConfig> mutation) {
    return Arguments.of(name, feature, mutation);
  }

  @ParameterizedTest(name = "{0} without {1}")
  @MethodSource("features")
  void noticesTheMissingFeature(
      String name, String feature, UnaryOperator<DecoderConfig> mutation) {
    Fixture fixture = Fixture.read(name);
    DecoderConfig mutated = mutation.apply(fixture.config());

    assertThat(mutated).as(feature).isNotEqualTo(fixture.config());
    assertThat(UNCHANGED.computeIfAbsent(name, _ -> error(fixture, fixture.config())))
        .isLessThan(TorchEngineExactnessTest.BOUND);
    assertThat(error(fixture, mutated)).isGreaterThan(100 * TorchEngineExactnessTest.BOUND);
  }

  /** The two curves lie less than 0.0005 apart, so little more than the bound is to be had. */
  @ParameterizedTest
  @ValueSource(strings = {"gemma2", "gemma3_text", "starcoder2"})
  void tellsTheTwoKindsOfGeluApart(String name) {
    Fixture fixture = Fixture.read(name);

    assertThat(error(fixture, ERF.apply(fixture.config())))
        .isGreaterThan(TorchEngineExactnessTest.BOUND);
  }

  /** How far off the logits are; without bound where the weights no longer fit. */
  static double error(Fixture fixture, DecoderConfig config) {
    TorchOptions options = new TorchOptions(ElementType.FLOAT32, 256, 1);
    try (TorchEngine engine = TorchEngine.open(config, fixture.checkpoint(), options)) {
      StepPlan plan = new StepPlan();
      fixture.row(plan, 0, fixture.length(), 0, fixture.length());
      return fixture.error(engine.logits(plan), 0);
    } catch (OutcropException e) {
      assertThat(e.code()).isEqualTo(ModelError.CHECKPOINT_INVALID);
      return Double.POSITIVE_INFINITY;
    }
  }

  private static Layer bare(Layer layer) {
    Mlp mlp =
        switch (layer.mlp()) {
          case Mlp.Gated(int width, Activation activation, _, boolean fused) ->
              new Mlp.Gated(width, activation, false, fused);
          case Mlp.Plain(int width, Activation activation, _) ->
              new Mlp.Plain(width, activation, false);
          case Experts experts -> experts;
        };
    return new Layer(layer.window(), layer.rope(), mlp);
  }

  private static Layer activated(Layer layer, Activation activation) {
    Mlp mlp =
        switch (layer.mlp()) {
          case Mlp.Gated(int width, _, boolean bias, boolean fused) ->
              new Mlp.Gated(width, activation, bias, fused);
          case Mlp.Plain(int width, _, boolean bias) -> new Mlp.Plain(width, activation, bias);
          case Experts experts -> experts;
        };
    return new Layer(layer.window(), layer.rope(), mlp);
  }

  private static Layer rotating(Layer layer) {
    return new Layer(layer.window(), new Rope.Default(10_000), layer.mlp());
  }

  private static DecoderConfig rotatingInFull(DecoderConfig config) {
    return NO_SCALING.apply(Configs.attention(a -> a.withRotaryDim(a.headDim())).apply(config));
  }

  private static Rope global(Rope rope) {
    return rope.theta() == 100 ? new Rope.Linear(2_000, 4) : rope;
  }

  private static Rope withoutFactor(Rope rope) {
    return switch (rope) {
      case Rope.Yarn(double theta, double factor, _, double low, double high) ->
          new Rope.Yarn(theta, factor, 1, low, high);
      case Rope.PerPair(double theta, var shorts, var longs, _, int original) ->
          new Rope.PerPair(theta, shorts, longs, 1, original);
      default -> rope;
    };
  }

  /** One of the two sets of factors for sequences of all lengths. */
  private static Rope oneKind(Rope rope, boolean longs) {
    Rope.PerPair both = (Rope.PerPair) rope;
    return new Rope.PerPair(
        both.theta(),
        longs ? both.longFactors() : both.shortFactors(),
        longs ? both.longFactors() : both.shortFactors(),
        both.attentionFactor(),
        both.originalContext());
  }

  private static Scales wholeResidual(Scales s) {
    return new Scales(s.embedding(), 1, s.logits(), s.logitsCap());
  }

  private static Scales undividedLogits(Scales s) {
    return new Scales(s.embedding(), s.residual(), 1, s.logitsCap());
  }
}
