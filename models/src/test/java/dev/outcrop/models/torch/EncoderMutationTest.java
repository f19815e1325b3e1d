package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.models.arch.EncoderConfig;
import dev.outcrop.models.arch.EncoderConfig.Activation;
import dev.outcrop.models.arch.EncoderConfig.Classifier;
import dev.outcrop.models.arch.EncoderConfig.Positions.Learned;
import dev.outcrop.models.arch.EncoderConfig.Positions.Rotary;
import dev.outcrop.models.arch.Pooling;
import dev.outcrop.models.arch.SentenceModules;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The encoders' fixtures notice when a family's own feature is left out. */
class EncoderMutationTest {
  private static final Mutation RECTIFIED = config(c -> activated(c, Activation.RELU));
  private static final Mutation NO_OFFSET = positions(p -> new Learned(p.rows(), 0, p.types()));
  private static final String HEAD = "torch.linear(pooled, head[0], head[1])";
  private static final Mutation NO_TANH =
      fixture -> fixture.saidWith("torch.tanh(" + HEAD + ")", HEAD);

  /** What a fixture says with something left out. */
  interface Mutation {
    float[][] said(EncoderFixture fixture);
  }

  /** What makes a family, one thing changed at a time. */
  static Stream<Arguments> features() {
    return Stream.of(
        of("bert-mean", "gelu", RECTIFIED),
        of("bert-mean", "mean pooling", modules(Pooling.LAST, true)),
        of("bert-mean", "normalisation", modules(Pooling.MEAN, false)),
        of("bert-mean", "token types", zero("embeddings.token_type_embeddings.weight")),
        of("bert-mean", "bias of norms", zero("embeddings.LayerNorm.bias")),
        of("bert-cls", "gelu", RECTIFIED),
        of("bert-cls", "cls pooling", modules(Pooling.MEAN, false)),
        of("bert-cls", "no normalisation", modules(Pooling.CLS, true)),
        of("bert-reranker", "gelu", RECTIFIED),
        of("bert-reranker", "token types of pairs", EncoderMutationTest::untyped),
        of("bert-reranker", "tanh of the pooler", NO_TANH),
        of("bert-reranker", "bias of the pooler", zero("bert.pooler.dense.bias")),
        of("bert-reranker", "bias of the score", zero("classifier.bias")),
        of("xlm-roberta", "position offset", NO_OFFSET),
        of("xlm-roberta", "gelu", RECTIFIED),
        of("xlm-roberta", "cls pooling", modules(Pooling.MEAN, true)),
        of("xlm-roberta", "normalisation", modules(Pooling.CLS, false)),
        of("xlm-roberta", "token type", zero("embeddings.token_type_embeddings.weight")),
        of("xlm-roberta-reranker", "position offset", NO_OFFSET),
        of("xlm-roberta-reranker", "gelu", RECTIFIED),
        of("xlm-roberta-reranker", "tanh in the head", NO_TANH),
        of("xlm-roberta-reranker", "bias in the head", zero("classifier.dense.bias")),
        of("xlm-roberta-reranker", "bias of the score", zero("classifier.out_proj.bias")),
        of("modernbert", "local window", rotary(rope -> window(rope, 100))),
        of("modernbert", "the window's width", rotary(rope -> window(rope, 7))),
        of("modernbert", "rope of local layers", rotary(r -> theta(r, r.globalTheta()))),
        of("modernbert", "rope of global layers", rotary(r -> theta(r, r.localTheta()))),
        of("modernbert", "global layers", rotary(EncoderMutationTest::allLocal)),
        of("modernbert", "gelu", RECTIFIED),
        of("modernbert", "mean pooling", modules(Pooling.CLS, true)),
        of("modernbert", "normalisation", modules(Pooling.MEAN, false)),
        of("modernbert-reranker", "mean in the head", config(EncoderMutationTest::readingCls)),
        of("modernbert-reranker", "norm in the head", EncoderMutationTest::withoutHeadNorm),
        of("modernbert-reranker", "bias of the score", zero("classifier.bias")));
  }

  private static Arguments of(String name, String feature, Mutation mutation) {
    return Arguments.of(name, feature, mutation);
  }

  @ParameterizedTest(name = "{0} without {1}")
  @MethodSource("features")
  void noticesTheMissingFeature(String name, String feature, Mutation mutation) {
    EncoderFixture fixture = EncoderFixture.read(name);

    assertThat(fixture.error(mutation.said(fixture)))
        .as(feature)
        .isGreaterThan(100 * TorchEncoderTest.BOUND);
  }

  /** The two curves lie less than 0.0005 apart, so little more than the bound is to be had. */
  @ParameterizedTest
  @CsvSource({"bert-mean, GELU_TANH", "bert-cls, GELU"})
  void tellsTheTwoKindsOfGeluApart(String name, Activation other) {
    EncoderFixture fixture = EncoderFixture.read(name);

    assertThat(fixture.error(config(c -> activated(c, other)).said(fixture)))
        .isGreaterThan(TorchEncoderTest.BOUND);
  }

  private static Mutation config(UnaryOperator<EncoderConfig> change) {
    return fixture ->
        fixture.said(change.apply(fixture.config()), fixture.modules(), ElementType.FLOAT32);
  }

  private static Mutation modules(Pooling pooling, boolean normalize) {
    SentenceModules other = new SentenceModules(pooling, normalize, OptionalInt.empty());
    return fixture -> fixture.said(fixture.config(), other, ElementType.FLOAT32);
  }

  private static Mutation zero(String tensor) {
    return fixture -> fixture.saidWithout(tensor);
  }

  private static Mutation positions(UnaryOperator<Learned> change) {
    return config(
        c ->
            Configs.encoder(
                c,
                change.apply((Learned) c.positions()),
                c.activation(),
                c.classifier(),
                c.maxTokens()));
  }

  private static Mutation rotary(UnaryOperator<Rotary> change) {
    return config(
        c ->
            Configs.encoder(
                c,
                change.apply((Rotary) c.positions()),
                c.activation(),
                c.classifier(),
                c.maxTokens()));
  }

  private static Rotary window(Rotary rope, int window) {
    return new Rotary(rope.globalTheta(), rope.localTheta(), window, rope.localLayers());
  }

  private static Rotary theta(Rotary rope, double theta) {
    return new Rotary(theta, theta, rope.window(), rope.localLayers());
  }

  private static Rotary allLocal(Rotary rope) {
    return new Rotary(
        rope.globalTheta(), rope.localTheta(), rope.window(), List.of(true, true, true));
  }

  private static EncoderConfig activated(EncoderConfig c, Activation activation) {
    return Configs.encoder(c, c.positions(), activation, c.classifier(), c.maxTokens());
  }

  private static EncoderConfig readingCls(EncoderConfig c) {
    Classifier head = new Classifier(1, Pooling.CLS, false);
    return Configs.encoder(c, c.positions(), c.activation(), head, c.maxTokens());
  }

  private static float[][] withoutHeadNorm(EncoderFixture fixture) {
    int hidden = fixture.config().hiddenSize();
    return fixture.saidWith(
        "h = torch.layer_norm(h, [%d], head[1], None, ".formatted(hidden), "_1 = (h, ");
  }

  private static float[][] untyped(EncoderFixture fixture) {
    try (TorchEncoder encoder =
        TorchEncoder.open(
            fixture.config(), fixture.modules(), fixture.checkpoint(), ElementType.FLOAT32, 1)) {
      return encoder.score(fixture.ids(), null);
    }
  }
}
