package dev.outcrop.models.loading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.weights.Checkpoint;
import dev.outcrop.models.weights.StoredTensor;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Texts to embeddings, as make_encoder_fixtures.py had them from sentence-transformers. */
class LoadedEncoderTest {
  private static final double BOUND = 1e-4;
  private static final double BATCH_BOUND = 1e-5;

  private static Path folder(String name) {
    try {
      return Path.of(
          Objects.requireNonNull(LoadedEncoderTest.class.getResource("/encoders/" + name)).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bert-mean",
        "bert-cls",
        "bert-f16",
        "xlm-roberta",
        "modernbert",
        "qwen3-embedding"
      })
  void equalsSentenceTransformersFromTextToVector(String name) throws IOException {
    float[][] expected = expected(name);
    LoadOptions options = new LoadOptions(LoadOptions.Dtype.FLOAT32, 1 << 20, 0, 1);
    try (LoadedEncoder model = LoadedEncoder.open(folder(name), options)) {
      int[][] ids = ids(model, name);
      float[][] together = model.embed(ids);
      float[][] alone = new float[ids.length][];
      for (int i = 0; i < ids.length; i++) {
        alone[i] = model.embed(new int[][] {ids[i]})[0];
      }
      assertThat(difference(alone, expected)).as("alone").isLessThan(BOUND);
      assertThat(difference(together, expected)).as("in a batch").isLessThan(BOUND);
      assertThat(difference(together, alone)).isLessThan(BATCH_BOUND);
    }
  }

  /** More texts than the KV arena of a decoder holds at once. */
  @Test
  void runsBatchesThatDoNotFitInSeveralSteps() throws IOException {
    try (LoadedEncoder model = LoadedEncoder.open(folder("qwen3-embedding"), LoadOptions.DEFAULT)) {
      int[][] few = ids(model, "qwen3-embedding");
      List<int[]> many = new ArrayList<>();
      while (many.size() < 90) {
        many.addAll(Arrays.asList(few));
      }
      float[][] vectors = model.embed(many.toArray(int[][]::new));
      float[][] expected = expected("qwen3-embedding");
      for (int i = 0; i < vectors.length; i += few.length) {
        assertThat(difference(Arrays.copyOfRange(vectors, i, i + few.length), expected))
            .isLessThan(BOUND);
      }
    }
  }

  @Test
  void readsADecoderAtItsLastToken() throws IOException {
    try (LoadedEncoder model = LoadedEncoder.open(folder("qwen3-embedding"), LoadOptions.DEFAULT)) {
      int[][] cut =
          Arrays.stream(ids(model, "qwen3-embedding"))
              .map(text -> Arrays.copyOf(text, text.length - 1))
              .toArray(int[][]::new);
      assertThat(difference(model.embed(cut), expected("qwen3-embedding"))).isGreaterThan(BOUND);
    }
  }

  @Test
  void refusesOtherPoolingOfADecoder(@TempDir Path copy) throws IOException {
    for (String file :
        List.of("config.json", "model.safetensors", "modules.json", "tokenizer.json")) {
      Files.copy(folder("qwen3-embedding").resolve(file), copy.resolve(file));
    }
    Files.createDirectory(copy.resolve("1_Pooling"));
    Files.writeString(copy.resolve("1_Pooling/config.json"), "{\"pooling_mode\":\"mean\"}");

    assertThat(LoadedEncoder.isEncoder(copy)).isTrue();
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> LoadedEncoder.open(copy, LoadOptions.DEFAULT))
        .withMessageContaining("supported: lasttoken")
        .satisfies(e -> assertThat(e.code()).isEqualTo(ModelError.CHECKPOINT_UNSUPPORTED));
  }

  @Test
  void refusesIdsOfNoRowAndGoesOn() throws IOException {
    try (LoadedEncoder model = LoadedEncoder.open(folder("qwen3-embedding"), LoadOptions.DEFAULT)) {
      int[][] unknown = {{1, model.info().vocabularySize()}};
      assertThatExceptionOfType(OutcropException.class)
          .isThrownBy(() -> model.embed(unknown))
          .satisfies(e -> assertThat(e.code()).isEqualTo(ModelError.STEP_FAILED));
      int[][] ids = ids(model, "qwen3-embedding");
      assertThat(difference(model.embed(ids), expected("qwen3-embedding"))).isLessThan(BOUND);
    }
  }

  private static int[][] ids(LoadedEncoder model, String name) throws IOException {
    JsonNode texts =
        new ObjectMapper().readTree(folder(name).resolve("expected.json").toFile()).get("texts");
    int[][] ids = new int[texts.size()][];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = model.tokenizer().encode(texts.get(i).textValue()).ids();
    }
    return ids;
  }

  private static float[][] expected(String name) {
    StoredTensor stored = Checkpoint.open(folder(name).resolve("expected")).find("embeddings");
    float[] flat = Checkpoint.read(Objects.requireNonNull(stored));
    int width = stored.shape().getLast().intValue();
    float[][] rows = new float[flat.length / width][];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = Arrays.copyOfRange(flat, i * width, (i + 1) * width);
    }
    return rows;
  }

  /** The largest difference, in parts of the largest value wanted. */
  private static double difference(float[][] actual, float[][] wanted) {
    assertThat(actual).hasDimensions(wanted.length, wanted[0].length);
    double worst = 0;
    double largest = 0;
    for (int i = 0; i < wanted.length; i++) {
      for (int j = 0; j < wanted[i].length; j++) {
        assertThat(actual[i][j]).isFinite();
        worst = Math.max(worst, Math.abs(actual[i][j] - wanted[i][j]));
        largest = Math.max(largest, Math.abs(wanted[i][j]));
      }
    }
    return worst / largest;
  }
}
