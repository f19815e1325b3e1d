package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.models.arch.Attention.Latent;
import dev.outcrop.models.arch.Attention.QkNorm;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.arch.Experts;
import dev.outcrop.models.arch.Experts.Groups;
import dev.outcrop.models.arch.Experts.Shared;
import dev.outcrop.models.arch.Layer;
import dev.outcrop.models.arch.Rope;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The fixtures of families with experts notice when a feature of theirs is left out. */
class ExpertMutationTest {
  private static final UnaryOperator<DecoderConfig> NO_WINDOW =
      Configs.layers(layer -> new Layer(null, layer.rope(), layer.mlp()));
  private static final UnaryOperator<DecoderConfig> ALL_WINDOWED =
      Configs.layers(layer -> new Layer(12, layer.rope(), layer.mlp()));
  private static final UnaryOperator<DecoderConfig> ONE_LESS =
      experts(e -> with(e, draft -> draft.perToken = e.perToken() - 1));
  private static final UnaryOperator<DecoderConfig> OTHERWISE_NORMALISED =
      experts(e -> with(e, draft -> draft.normalised = !e.normalised()));
  private static final UnaryOperator<DecoderConfig> NO_EXPERT_BIAS =
      experts(e -> with(e, draft -> draft.bias = false));
  private static final UnaryOperator<DecoderConfig> NO_LIMIT = experts(e -> limited(e, 1e6));
  private static final UnaryOperator<DecoderConfig> USUAL_GATE = experts(e -> limited(e, null));
  private static final UnaryOperator<DecoderConfig> NO_SINKS =
      Configs.attention(a -> a.withSinks(false));
  private static final UnaryOperator<DecoderConfig> NO_SCALING =
      Configs.rope(rope -> new Rope.Default(rope.theta()));

  private static final UnaryOperator<DecoderConfig> USUAL_SCALE =
      Configs.attention(a -> a.withScores(1 / Math.sqrt(a.headDim()), null));
  private static final UnaryOperator<DecoderConfig> INTERLEAVED_OTHERWISE =
      Configs.attention(a -> a.withLatent(otherwiseInterleaved(a.latent())));

  static Stream<Arguments> features() {
    return Stream.of(
        of("mixtral", "second expert", ONE_LESS),
        of("mixtral", "weights that add up to 1", OTHERWISE_NORMALISED),
        of("mixtral", "window", NO_WINDOW),
        of("qwen2_moe", "second expert", ONE_LESS),
        of("qwen2_moe", "weights as shares of all", OTHERWISE_NORMALISED),
        of("qwen2_moe", "shared expert", experts(e -> shared(e, null))),
        of(
            "qwen2_moe",
            "weight of the shared expert",
            experts(e -> shared(e, new Shared(24, false)))),
        of("qwen2_moe", "bias", Configs.attention(a -> a.withBias(false, false))),
        of("qwen2_moe", "layers without experts", ExpertMutationTest::expertsInAllLayers),
        of("qwen3_moe", "third expert", ONE_LESS),
        of("qwen3_moe", "weights that add up to 1", OTHERWISE_NORMALISED),
        of("qwen3_moe", "q/k norm", Configs.attention(a -> a.withQkNorm(QkNorm.NONE))),
        of("qwen3_moe", "layers without experts", ExpertMutationTest::expertsInAllLayers),
        of("gpt_oss", "second expert", ONE_LESS),
        of("gpt_oss", "weights that add up to 1", OTHERWISE_NORMALISED),
        of("gpt_oss", "sinks", NO_SINKS),
        of("gpt_oss", "window", NO_WINDOW),
        of("gpt_oss", "layers without window", ALL_WINDOWED),
        of("gpt_oss", "rope scaling", NO_SCALING),
        of("gpt_oss", "factor of sines and cosines", Configs.rope(ExpertMutationTest::unscaled)),
        of("gpt_oss", "rounding of the ramp", Configs.rope(ExpertMutationTest::rounded)),
        of("gpt_oss", "bias", Configs.attention(a -> a.withBias(false, true))),
        of("gpt_oss", "output bias", Configs.attention(a -> a.withBias(true, false))),
        of("gpt_oss", "biases of router and experts", NO_EXPERT_BIAS),
        of("gpt_oss", "limit of the gate", NO_LIMIT),
        of("gpt_oss", "form of the gate", USUAL_GATE),
        of("deepseek_v3", "third expert", ONE_LESS),
        of("deepseek_v3", "weights that add up to 1", OTHERWISE_NORMALISED),
        of("deepseek_v3", "sigmoid and correction", experts(e -> grouped(e, null))),
        of("deepseek_v3", "groups", experts(e -> grouped(e, new Groups(1, 1, 2.5)))),
        of("deepseek_v3", "scale of weights", experts(e -> grouped(e, new Groups(4, 2, 1)))),
        of("deepseek_v3", "shared experts", experts(e -> shared(e, null))),
        of("deepseek_v3", "layers without experts", ExpertMutationTest::expertsInAllLayers),
        of("deepseek_v3", "rope scaling", NO_SCALING),
        of(
            "deepseek_v3",
            "factor of sines and cosines",
            Configs.rope(ExpertMutationTest::unscaled)),
        of("deepseek_v3", "scale of scores", USUAL_SCALE),
        of("deepseek_v3", "neighbours rotate together", INTERLEAVED_OTHERWISE),
        of("deepseek_v3-plain", "halves rotate together", INTERLEAVED_OTHERWISE),
        of("deepseek_v3-plain", "scale of weights", experts(e -> grouped(e, new Groups(1, 1, 1)))),
        of("gpt_oss-mxfp4", "sinks", NO_SINKS),
        of("gpt_oss-mxfp4", "biases of router and experts", NO_EXPERT_BIAS),
        of("gpt_oss-mxfp4", "form of the gate", USUAL_GATE));
  }

  private static Arguments of(String name, String feature, UnaryOperator<DecoderConfig> mutation) {
    return Arguments.of(name, feature, mutation);
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("features")
  void noticesTheMissingFeature(
      String name, String feature, UnaryOperator<DecoderConfig> mutation) {
    Fixture fixture = Fixture.read(name);
    DecoderConfig mutated = mutation.apply(fixture.config());

    assertThat(mutated).as(feature).isNotEqualTo(fixture.config());
    assertThat(MutationTest.error(fixture, mutated))
        .isGreaterThan(100 * TorchEngineExactnessTest.BOUND);
  }

  private static UnaryOperator<DecoderConfig> experts(UnaryOperator<Experts> change) {
    return Configs.layers(
        layer ->
            layer.mlp() instanceof Experts experts
                ? new Layer(layer.window(), layer.rope(), change.apply(experts))
                : layer);
  }

  private static Experts limited(Experts e, @Nullable Double limit) {
    return with(e, draft -> draft.limit = limit);
  }

  private static Experts shared(Experts e, @Nullable Shared shared) {
    return with(e, draft -> draft.shared = shared);
  }

  private static Experts grouped(Experts e, @Nullable Groups groups) {
    return with(e, draft -> draft.groups = groups);
  }

  private static Experts with(Experts experts, Consumer<Draft> change) {
    Draft draft = new Draft(experts);
    change.accept(draft);
    return new Experts(
        experts.count(),
        draft.perToken,
        experts.width(),
        experts.activation(),
        draft.normalised,
        draft.limit,
        draft.bias,
        draft.groups,
        draft.shared,
        experts.storage());
  }

  /** What mutations change. */
  private static final class Draft {
    private int perToken;
    private boolean normalised;
    private @Nullable Double limit;
    private boolean bias;
    private @Nullable Groups groups;
    private @Nullable Shared shared;

    Draft(Experts from) {
      perToken = from.perToken();
      normalised = from.normalised();
      limit = from.limit();
      bias = from.bias();
      groups = from.groups();
      shared = from.shared();
    }
  }

  private static Latent otherwiseInterleaved(@Nullable Latent latent) {
    Latent l = Objects.requireNonNull(latent);
    return new Latent(l.queryRank(), l.rank(), l.valueDim(), !l.interleaved());
  }

  /** Then tensors are missing. */
  private static DecoderConfig expertsInAllLayers(DecoderConfig config) {
    Layer sparse =
        config.layers().stream()
            .filter(layer -> layer.mlp() instanceof Experts)
            .findFirst()
            .orElseThrow();
    return Configs.layers(layer -> sparse).apply(config);
  }

  private static Rope unscaled(Rope rope) {
    Rope.Yarn yarn = (Rope.Yarn) rope;
    return new Rope.Yarn(yarn.theta(), yarn.factor(), 1, yarn.low(), yarn.high());
  }

  private static Rope rounded(Rope rope) {
    Rope.Yarn yarn = (Rope.Yarn) rope;
    return new Rope.Yarn(
        yarn.theta(),
        yarn.factor(),
        yarn.attentionFactor(),
        Math.floor(yarn.low()),
        Math.ceil(yarn.high()));
  }
}
