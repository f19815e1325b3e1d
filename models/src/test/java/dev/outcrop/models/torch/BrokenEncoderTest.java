package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.loading.LoadOptions;
import dev.outcrop.models.loading.LoadedEncoder;
import dev.outcrop.models.weights.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Encoders' checkpoints in shards and broken, each in a way that a user's download can be. */
class BrokenEncoderTest {
  private static final String WEIGHTS = "model.safetensors";

  @TempDir Path temporary;
  private Path folder;

  private List<Part> copied(String name) throws IOException {
    Path from = EncoderFixture.folder(name);
    folder = temporary.resolve(name);
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, folder.resolve(from.relativize(file).toString()));
      }
    }
    return Part.of(folder);
  }

  private void refused(ModelError code, String... words) {
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> LoadedEncoder.open(folder, LoadOptions.DEFAULT).close())
        .satisfies(e -> assertThat(e.code()).isEqualTo(code))
        .withMessageContainingAll(words);
  }

  private static float[][] embedded(Path checkpoint, int[][] ids) {
    try (LoadedEncoder encoder = LoadedEncoder.open(checkpoint, LoadOptions.DEFAULT)) {
      return encoder.embed(ids);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert-mean", "xlm-roberta", "modernbert", "qwen3-embedding"})
  void namesEveryTensorThatIsMissing(String name) throws IOException {
    List<Part> parts = copied(name);
    int refusals = 0;
    for (int i = 0; i < parts.size(); i++) {
      if (parts.get(i).name().contains("pooler")) {
        continue; // belongs to another task's head
      }
      List<Part> fewer = new ArrayList<>(parts);
      Part gone = fewer.remove(i);
      Part.write(folder.resolve(WEIGHTS), fewer);
      refused(ModelError.CHECKPOINT_INVALID, WEIGHTS, gone.name() + "'", "missing");
      refusals++;
    }
    assertThat(refusals).isGreaterThan(10);
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert-mean", "xlm-roberta", "modernbert", "qwen3-embedding"})
  void namesTheTensorOfWrongShape(String name) throws IOException {
    List<Part> parts = copied(name);
    for (int i = 0; i < parts.size(); i += 3) {
      if (parts.get(i).name().contains("pooler")) {
        continue;
      }
      Part flat = parts.get(i).flat();
      List<Part> changed = new ArrayList<>(parts);
      changed.set(i, flat);
      Part.write(folder.resolve(WEIGHTS), changed);
      refused(
          ModelError.CHECKPOINT_INVALID, WEIGHTS, "'" + flat.name() + "'", flat.shape().toString());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert-mean", "qwen3-embedding"})
  void namesTheTensorOfATypeThatIsNotRead(String name) throws IOException {
    List<Part> parts = copied(name);
    Part part = parts.getFirst();
    parts.set(0, new Part(part.name(), DType.I32, part.shape(), part.data()));
    Part.write(folder.resolve(WEIGHTS), parts);

    refused(ModelError.CHECKPOINT_UNSUPPORTED, WEIGHTS, "'" + part.name() + "'", "I32");
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert-mean", "xlm-roberta", "modernbert", "qwen3-embedding"})
  void loadsShardsLikeOneFile(String name) throws IOException {
    List<Part> parts = copied(name);
    Files.delete(folder.resolve(WEIGHTS));
    int half = parts.size() / 2;
    Part.write(folder.resolve("1.safetensors"), parts.subList(0, half));
    Part.write(folder.resolve("2.safetensors"), parts.subList(half, parts.size()));
    List<String> map = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      map.add("\"%s\":\"%d.safetensors\"".formatted(parts.get(i).name(), i < half ? 1 : 2));
    }
    Files.writeString(
        folder.resolve("model.safetensors.index.json"),
        "{\"weight_map\":{" + String.join(",", map) + "}}");
    int[][] ids = {{5, 9, 11, 7}};

    assertThat(embedded(folder, ids)).isDeepEqualTo(embedded(EncoderFixture.folder(name), ids));
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert-mean", "xlm-roberta", "modernbert", "qwen3-embedding"})
  void refusesAFileThatIsCutAnywhere(String name) throws IOException {
    copied(name);
    Path file = folder.resolve(WEIGHTS);
    byte[] whole = Files.readAllBytes(file);
    for (int length : new int[] {0, 4, 8, 100, whole.length / 2, whole.length - 1}) {
      Files.write(file, Arrays.copyOf(whole, length));
      refused(ModelError.CHECKPOINT_INVALID, WEIGHTS);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "modules.json, {, CHECKPOINT_INVALID",
    "modules.json, '[{\"type\":\"sentence_transformers.models.Dense\",\"path\":\"2_Dense\"}]', CHECKPOINT_UNSUPPORTED",
    "1_Pooling/config.json, {, CHECKPOINT_INVALID",
    "config.json, [], CHECKPOINT_INVALID",
    "tokenizer.json, {, CHECKPOINT_INVALID"
  })
  void namesTheFileThatIsBroken(String file, String content, ModelError code) throws IOException {
    copied("bert-mean");
    Files.writeString(folder.resolve(file), content);

    refused(code, Path.of(file).getFileName().toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"config.json", "tokenizer.json", WEIGHTS, "1_Pooling/config.json"})
  void namesTheFileThatIsMissing(String file) throws IOException {
    copied("bert-mean");
    Files.delete(folder.resolve(file));

    refused(ModelError.CHECKPOINT_INVALID, Path.of(file).getFileName().toString());
  }
}
