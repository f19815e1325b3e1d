package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.arch.EncoderConfig;
import dev.outcrop.models.arch.EncoderConfig.Activation;
import dev.outcrop.models.arch.EncoderConfig.Positions.Rotary;
import dev.outcrop.models.arch.Pooling;
import dev.outcrop.models.arch.SentenceModules;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares encoders with what make_encoder_fixtures.py found. */
class TorchEncoderTest {
  static final double BOUND = 1e-4;
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
        Configs.encoder(
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
}
