package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.arch.Attention;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.weights.Checkpoint;
import dev.outcrop.models.weights.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Checkpoints of every family in shards, in half precision, and broken in the ways that only a load
 * can tell. What the files alone tell is in HostileCheckpointTest.
 */
class BrokenCheckpointTest {
  private static final int[] IDS = {1, 5, 9, 11, 30, 2, 8};
  private static final TorchOptions OPTIONS = new TorchOptions(ElementType.FLOAT32, 64, 1);

  @TempDir Path folder;

  static List<String> families() {
    return TorchEngineExactnessTest.fixtures().toList();
  }

  @ParameterizedTest
  @MethodSource("families")
  void loadsShardsLikeOneFile(String name) throws IOException {
    List<Part> parts = parts(name);
    int half = parts.size() / 2;
    write("1.safetensors", parts.subList(0, half));
    write("2.safetensors", parts.subList(half, parts.size()));
    StringBuilder map = new StringBuilder();
    for (int i = 0; i < parts.size(); i++) {
      map.append(i == 0 ? "" : ",")
          .append("\"%s\":\"%d.safetensors\"".formatted(parts.get(i).name(), i < half ? 1 : 2));
    }
    Files.writeString(
        folder.resolve("model.safetensors.index.json"), "{\"weight_map\":{" + map + "}}");

    float[][] whole = logits(config(name), Checkpoint.open(fixture(name)));

    assertThat(logits(config(name), Checkpoint.open(folder))).isDeepEqualTo(whole);
  }

  @ParameterizedTest
  @MethodSource("families")
  void loadsHalfPrecisionAsTheNumbersItHolds(String name) throws IOException {
    List<Part> half = new ArrayList<>();
    List<Part> same = new ArrayList<>();
    for (Part part : parts(name)) {
      if (part.dtype() != DType.F32) {
        return; // the fixture is half already
      }
      ByteBuffer from = ByteBuffer.wrap(part.data()).order(ByteOrder.LITTLE_ENDIAN);
      ByteBuffer f16 = ByteBuffer.allocate(part.data().length / 2).order(ByteOrder.LITTLE_ENDIAN);
      ByteBuffer f32 = ByteBuffer.allocate(part.data().length).order(ByteOrder.LITTLE_ENDIAN);
      while (from.hasRemaining()) {
        short bits = Float.floatToFloat16(from.getFloat());
        f16.putShort(bits);
        f32.putFloat(Float.float16ToFloat(bits));
      }
      half.add(new Part(part.name(), DType.F16, part.shape(), f16.array()));
      same.add(new Part(part.name(), DType.F32, part.shape(), f32.array()));
    }
    write("model.safetensors", same);
    float[][] wanted = logits(config(name), Checkpoint.open(folder));

    write("model.safetensors", half);
    float[][] found = logits(config(name), Checkpoint.open(folder));

    for (int i = 0; i < wanted.length; i++) {
      assertThat(found[i]).containsExactly(wanted[i], within(1e-5f));
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void namesEveryTensorThatIsMissing(String name) throws IOException {
    List<Part> parts = parts(name);
    for (int i = 0; i < parts.size(); i += 5) {
      List<Part> fewer = new ArrayList<>(parts);
      Part gone = fewer.remove(i);
      write("model.safetensors", fewer);
      refused(name, ModelError.CHECKPOINT_INVALID, "'" + gone.name() + "'", "missing");
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void namesTheTensorOfWrongShape(String name) throws IOException {
    List<Part> parts = parts(name);
    for (int i = 1; i < parts.size(); i += 7) {
      Part part = parts.get(i);
      Part flat = part.flat();
      List<Part> changed = new ArrayList<>(parts);
      changed.set(i, flat);
      write("model.safetensors", changed);
      refused(
          name, ModelError.CHECKPOINT_INVALID, "'" + part.name() + "'", flat.shape().toString());
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void namesTheTensorOfATypeThatIsNotRead(String name) throws IOException {
    List<Part> parts = parts(name);
    Part part = parts.getLast();
    DType other = part.dtype() == DType.F32 ? DType.I32 : DType.I16;
    parts.set(parts.size() - 1, new Part(part.name(), other, part.shape(), part.data()));
    write("model.safetensors", parts);

    refused(name, ModelError.CHECKPOINT_UNSUPPORTED, "'" + part.name() + "'", other.name());
  }

  @ParameterizedTest
  @MethodSource("families")
  void loadsPastATensorThatNobodyReads(String name) throws IOException {
    List<Part> parts = parts(name);
    parts.add(new Part("vision.tower", DType.F32, List.of(1L), new byte[4]));
    write("model.safetensors", parts);

    assertThat(logits(config(name), Checkpoint.open(folder))).hasNumberOfRows(IDS.length);
  }

  @Test
  void refusesAFileThatBecameShorter() throws IOException {
    write("model.safetensors", parts("llama"));
    Checkpoint checkpoint = Checkpoint.open(folder);
    Path file = folder.resolve("model.safetensors");
    Files.write(file, new byte[64], StandardOpenOption.TRUNCATE_EXISTING);

    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> TorchEngine.open(config("llama"), checkpoint, OPTIONS))
        .satisfies(e -> assertThat(e.code()).isEqualTo(ModelError.CHECKPOINT_INVALID))
        .withMessageContaining("shorter");
  }

  @Test
  void saysThatThereIsNoMemoryForTheWeights() {
    // 8 PiB are more than an address space holds, so that no machine gives them.
    DecoderConfig huge =
        DecoderConfig.llama(16, 1 << 20, 16, Attention.plain(1, 1, 2), 1, Integer.MAX_VALUE);

    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> TorchEngine.random(huge, OPTIONS))
        .satisfies(e -> assertThat(e.code()).isEqualTo(ModelError.OUT_OF_MEMORY))
        .withMessageContaining("no memory for the weights");
  }

  private void refused(String name, ModelError code, String... words) {
    Checkpoint checkpoint = Checkpoint.open(folder);
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> TorchEngine.open(config(name), checkpoint, OPTIONS))
        .satisfies(e -> assertThat(e.code()).isEqualTo(code))
        .withMessageContaining("model.safetensors")
        .withMessageContainingAll(words);
  }

  private static float[][] logits(DecoderConfig config, Checkpoint checkpoint) {
    try (TorchEngine engine = TorchEngine.open(config, checkpoint, OPTIONS)) {
      StepPlan plan = new StepPlan();
      plan.row(0);
      plan.form(engine.ropeForm(IDS.length));
      plan.tokens(IDS, 0, IDS.length);
      plan.segment(0, IDS.length);
      return engine.logits(plan);
    }
  }

  private static Path fixture(String name) {
    return Path.of("src", "test", "resources", "checkpoints", name);
  }

  private static DecoderConfig config(String name) {
    return DecoderConfig.read(fixture(name));
  }

  private static List<Part> parts(String name) throws IOException {
    return Part.of(fixture(name));
  }

  private void write(String name, List<Part> parts) throws IOException {
    Part.write(folder.resolve(name), parts);
  }
}
