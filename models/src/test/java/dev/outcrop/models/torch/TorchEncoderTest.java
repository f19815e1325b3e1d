package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.arch.EncoderConfig;
import dev.outcrop.models.arch.EncoderConfig.Activation;
import dev.outcrop.models.arch.EncoderConfig.Classifier;
import dev.outcrop.models.arch.EncoderConfig.Positions;
import dev.outcrop.models.arch.EncoderConfig.Positions.Learned;
import dev.outcrop.models.arch.EncoderConfig.Positions.Rotary;
import dev.outcrop.models.arch.Pooling;
import dev.outcrop.models.arch.SentenceModules;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares encoders with what make_encoder_fixtures.py found. */
class TorchEncoderTest {
  private static final double BOUND = 1e-4;
  private static final double BATCH_BOUND = 1e-5;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bert-mean",
        "bert-cls",
        "bert-f16",
        "bert-reranker",
        "xlm-roberta",
        "xlm-roberta-reranker",
        "modernbert",
        "modernbert-reranker"
      })
  void equalsTransformersAloneAndInABatch(String name) {
    EncoderFixture fixture = EncoderFixture.read(name);
    try (TorchEncoder encoder = open(fixture)) {
      float[][] together = fixture.said(encoder);
      float[][] alone = fixture.saidAlone(encoder);
      assertThat(fixture.error(alone)).as("alone").isLessThan(BOUND);
      assertThat(fixture.error(together)).as("in a batch").isLessThan(BOUND);
      assertThat(EncoderFixture.difference(together, alone)).isLessThan(BATCH_BOUND);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert-mean", "modernbert"})
  void staysNearInBfloat16(String name) {
    EncoderFixture fixture = EncoderFixture.read(name);
    float[][] said = fixture.said(fixture.config(), fixture.modules(), ElementType.BFLOAT16);
    for (int i = 0; i < said.length; i++) {
      double dot = 0;
      for (int j = 0; j < said[i].length; j++) {
        dot += said[i][j] * fixture.expected()[i][j];
      }
      assertThat(dot).as("cosine of text " + i).isGreaterThan(0.99);
    }
  }

  /** What makes a family, one thing changed at a time. */
  static Stream<Arguments> mutations() {
    UnaryOperator<EncoderConfig> same = config -> config;
    return Stream.of(
        Arguments.of("bert-cls", "tanh in gelu", activation(Activation.GELU), null),
        Arguments.of("bert-mean", "exact gelu", activation(Activation.GELU_TANH), null),
        Arguments.of("bert-cls", "cls pooling", same, modules(Pooling.MEAN, false)),
        Arguments.of("bert-mean", "mean pooling", same, modules(Pooling.LAST, true)),
        Arguments.of("bert-mean", "normalisation", same, modules(Pooling.MEAN, false)),
        Arguments.of("bert-cls", "no normalisation", same, modules(Pooling.CLS, true)),
        Arguments.of("xlm-roberta", "position offset", offset(0), null),
        Arguments.of("modernbert", "local window", rotary(rope -> window(rope, 100)), null),
        Arguments.of("modernbert", "the window's width", rotary(rope -> window(rope, 7)), null),
        Arguments.of(
            "modernbert",
            "rope of local layers",
            rotary(r -> new Rotary(r.globalTheta(), r.globalTheta(), r.window(), r.localLayers())),
            null),
        Arguments.of(
            "modernbert",
            "rope of global layers",
            rotary(r -> new Rotary(r.localTheta(), r.localTheta(), r.window(), r.localLayers())),
            null),
        Arguments.of(
            "modernbert",
            "global layers",
            rotary(
                r ->
                    new Rotary(
                        r.globalTheta(), r.localTheta(), r.window(), List.of(true, true, true))),
            null),
        Arguments.of("modernbert-reranker", "mean in the head", head(Pooling.CLS), null));
  }

  @ParameterizedTest(name = "{0} without {1}")
  @MethodSource("mutations")
  void noticesTheMissingFeature(
      String name,
      String feature,
      UnaryOperator<EncoderConfig> mutation,
      @Nullable SentenceModules modules) {
    EncoderFixture fixture = EncoderFixture.read(name);
    float[][] said =
        fixture.said(
            mutation.apply(fixture.config()),
            modules == null ? fixture.modules() : modules,
            ElementType.FLOAT32);
    assertThat(fixture.error(said)).as(feature).isGreaterThan(BOUND);
  }

  @Test
  void noticesMissingTokenTypes() {
    EncoderFixture fixture = EncoderFixture.read("bert-reranker");
    try (TorchEncoder encoder = open(fixture)) {
      assertThat(fixture.error(encoder.score(fixture.ids(), null))).isGreaterThan(BOUND);
    }
  }

  /** Longer than a block of queries, so that blocks at the start, the middle and the end meet. */
  @Test
  void localLayersSeeTheirWindowAndNothingElse() {
    EncoderFixture fixture = EncoderFixture.read("modernbert");
    Rotary rope = (Rotary) fixture.config().positions();
    int[] text = new int[700];
    for (int i = 0; i < text.length; i++) {
      text[i] = 5 + (i * 37) % 300;
    }
    int[] start = Arrays.copyOf(text, 100);
    SentenceModules cls = modules(Pooling.CLS, false);
    SentenceModules last = modules(Pooling.LAST, false);
    EncoderConfig local =
        copy(
            fixture.config(),
            new Rotary(rope.globalTheta(), rope.localTheta(), 2, List.of(true, true, true)),
            Activation.GELU,
            null,
            1_000);
    // Three layers that each see two tokens on either side: the first token knows six.
    float[][] first = {encode(fixture, local, cls, text), encode(fixture, local, cls, start)};
    assertThat(EncoderFixture.difference(new float[][] {first[0]}, new float[][] {first[1]}))
        .isLessThan(BATCH_BOUND);
    text[694] ^= 1; // seven before the last
    float[] before = encode(fixture, local, last, text);
    text[692] ^= 1; // too far from it to be seen
    assertThat(encode(fixture, local, last, text)).isEqualTo(before);
    text[693] ^= 1; // six before it
    assertThat(encode(fixture, local, last, text)).isNotEqualTo(before);
  }

  @Test
  void refusesWhatTheTablesDoNotHoldAndGoesOn() {
    EncoderFixture fixture = EncoderFixture.read("bert-mean");
    try (TorchEncoder encoder = open(fixture)) {
      int[][] unknown = {{1, fixture.config().vocabularySize()}};
      int[][] negative = {{-1}};
      int[][] tooLong = {new int[fixture.config().maxTokens() + 1]};
      int[][] empty = {{}};
      for (int[][] bad : List.of(unknown, negative, tooLong, empty)) {
        assertThatThrownBy(() -> encoder.embed(bad))
            .isInstanceOfSatisfying(
                OutcropException.class,
                e -> assertThat(e.code()).isEqualTo(ModelError.STEP_FAILED));
      }
      assertThat(fixture.error(encoder.embed(fixture.ids()))).isLessThan(BOUND);
    }
  }

  private static TorchEncoder open(EncoderFixture fixture) {
    return TorchEncoder.open(
        fixture.config(), fixture.modules(), fixture.checkpoint(), ElementType.FLOAT32, 1);
  }

  private static float[] encode(
      EncoderFixture fixture, EncoderConfig config, SentenceModules modules, int[] text) {
    try (TorchEncoder encoder =
        TorchEncoder.open(config, modules, fixture.checkpoint(), ElementType.FLOAT32, 1)) {
      return encoder.embed(new int[][] {text})[0];
    }
  }

  private static SentenceModules modules(Pooling pooling, boolean normalize) {
    return new SentenceModules(pooling, normalize, OptionalInt.empty());
  }

  private static UnaryOperator<EncoderConfig> activation(Activation activation) {
    return c -> copy(c, c.positions(), activation, c.classifier(), c.maxTokens());
  }

  private static UnaryOperator<EncoderConfig> offset(int offset) {
    return c -> {
      Learned learned = (Learned) c.positions();
      Positions other = new Learned(learned.rows(), offset, learned.types());
      return copy(c, other, c.activation(), c.classifier(), c.maxTokens());
    };
  }

  private static UnaryOperator<EncoderConfig> rotary(UnaryOperator<Rotary> change) {
    return c ->
        copy(
            c, change.apply((Rotary) c.positions()), c.activation(), c.classifier(), c.maxTokens());
  }

  private static Rotary window(Rotary rope, int window) {
    return new Rotary(rope.globalTheta(), rope.localTheta(), window, rope.localLayers());
  }

  private static UnaryOperator<EncoderConfig> head(Pooling pooling) {
    return c ->
        copy(c, c.positions(), c.activation(), new Classifier(1, pooling, false), c.maxTokens());
  }

  private static EncoderConfig copy(
      EncoderConfig c,
      Positions positions,
      Activation activation,
      @Nullable Classifier classifier,
      int maxTokens) {
    return new EncoderConfig(
        c.family(),
        c.vocabularySize(),
        c.hiddenSize(),
        c.intermediateSize(),
        c.layers(),
        c.heads(),
        maxTokens,
        positions,
        c.normEps(),
        activation,
        c.biases(),
        classifier);
  }
}
