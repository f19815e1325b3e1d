package dev.outcrop.models.loading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.engine.CompiledShapes;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.testing.StandIn;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The bundle of the demo model as a model folder, and what is told of one that is unsound. */
final class BundleModelTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String WEIGHTS = "weights/tp0_sharded_checkpoint.safetensors";
  private static final LoadOptions FLOAT32 =
      new LoadOptions(LoadOptions.Dtype.FLOAT32, 1 << 20, 0, 1);

  @TempDir Path folder;

  @BeforeEach
  void write() {
    StandIn.write(
        Path.of("src", "test", "resources", "neuron", "demo"), Path.of("demo", "model"), folder);
  }

  @Test
  void isOpenedLikeACheckpoint() {
    try (LoadedModel model = LoadedModel.open(folder, FLOAT32)) {
      assertThat(model.engine().shapes())
          .isEqualTo(new CompiledShapes(List.of(32, 128), List.of(1, 4, 8), List.of(128, 512)));
      assertThat(model.info().contextTokens()).isEqualTo(512);
      assertThat(model.info().computeDtype()).isEqualTo("float32");
      assertThat(model.engine().geometry().maxContext()).isEqualTo(512);
      model.engine().close();
    }
  }

  @Test
  void takesNoLongerSequencesThanItIsAskedTo() {
    LoadOptions shorter = new LoadOptions(LoadOptions.Dtype.AUTO, 1 << 20, 200, 1);
    try (LoadedModel model = LoadedModel.open(folder, shorter)) {
      assertThat(model.info().contextTokens()).isEqualTo(200);
      assertThat(model.engine().geometry())
          .isEqualTo(new KvGeometry(512, 8, model.info().kvBytesPerToken(), 200));
      model.engine().close();
    }
  }

  @Test
  void isInspectedWithWhatItWasCompiledFor() {
    Inspection inspection = Inspection.of(folder, LoadOptions.Dtype.AUTO);

    assertThat(inspection.unsupported()).isEmpty();
    assertThat(inspection.kind()).isEqualTo("decoder");
    assertThat(inspection.bundle())
        .satisfies(
            bundle -> {
              assertThat(bundle.backend()).isEqualTo("cpu");
              assertThat(bundle.slots()).isEqualTo(8);
              assertThat(bundle.versions()).containsEntry("torch", "2.7.1");
            });
    assertThat(inspection.limits())
        .extracting(Inspection.Finding::what)
        .containsExactly("prefix cache", "neuron");
  }

  @Test
  void ofNeuronSaysThatItIsUntested() throws IOException {
    change(manifest -> manifest.put("backend", "neuron"));

    assertThat(Inspection.of(folder, LoadOptions.Dtype.AUTO).limits())
        .anySatisfy(
            limit ->
                assertThat(limit.why()).contains("untested on hardware", "never run on an SDK"));
  }

  @Test
  void saysThatPositionsHaveOneForm() throws IOException {
    Path file = folder.resolve("config.json");
    ObjectNode config = (ObjectNode) JSON.readTree(Files.readString(file));
    config.put("max_position_embeddings", 256).putObject("rope_scaling");
    config.withObject("/rope_scaling").put("type", "dynamic").put("factor", 4.0);
    Files.writeString(file, JSON.writeValueAsString(config));

    assertThat(Inspection.of(folder, LoadOptions.Dtype.AUTO).limits())
        .anySatisfy(
            limit -> {
              assertThat(limit.what()).isEqualTo("rope");
              assertThat(limit.why()).contains("the form of one of 512 tokens");
            });
  }

  @Test
  void decidesDtypeQuantizationAndDevicesItself() {
    refused(
        new LoadOptions(LoadOptions.Dtype.BFLOAT16, 1 << 20, 0, 1),
        "dtype must be auto or float32");
    refused(
        new LoadOptions(
            LoadOptions.Dtype.AUTO, 1 << 20, 0, 1, Quantization.INT8, KernelTuning.usual()),
        "quantization must be none");
    refused(FLOAT32.on(List.of("cuda:0")), "devices must be left out");
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> LoadedModel.kernels(folder, FLOAT32))
        .withMessageContaining("this needs the checkpoint that it was made from");
  }

  private void refused(LoadOptions options, String... what) {
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> LoadedModel.open(folder, options).close())
        .withMessageContainingAll(what);
  }

  private void change(Consumer<ObjectNode> change) throws IOException {
    Path file = folder.resolve("manifest.json");
    ObjectNode manifest = (ObjectNode) JSON.readTree(Files.readString(file));
    change.accept(manifest);
    Files.writeString(file, JSON.writeValueAsString(manifest));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "format            | 2                | format is 2; supported: 1",
        "backend           | \"gpu\"          | backend is gpu; supported: neuron, cpu",
        "dtype             | \"float16\"      | dtype is float16; supported: bfloat16, float32",
        "tensor_parallel   | 2                | tp1_sharded_checkpoint.safetensors: is missing: the weights of rank 1 of 2",
        "tensor_parallel   | 0                | tensor_parallel is 0, must be an integer from 1",
        "slots             | 4                | decode_rows must not end above slots",
        "prefill_tokens    | [128, 32]        | prefillTokens must ascend from 1",
        "prefill_tokens    | [1, 32]          | prefill_tokens must begin above 1",
        "prefill_tokens    | [32, 1024]       | prefillTokens must not be longer than the last of contexts",
        "decode_rows       | []               | decode_rows must not be empty",
        "contexts          | [8192]           | was compiled for contexts of 8192 tokens, config.json beside it ends at 4096",
        "sampling          | \"cloud\"        | sampling is cloud; supported: host, device",
        "versions          | {}               | versions is missing",
        "versions          | {\"torch\": \"2.9.0\"} | was compiled with PyTorch 2.9.0, libtorch 2.7.1 runs here",
        "files             | {\"model.pt\": 1}  | model.pt: has",
        "files             | {\"model.pt\": -1} | files.model.pt must be a number of bytes",
        "model             | {\"id\": \"x\", \"family\": \"qwen2\", \"hash\": \"583f5d8cc7e1a19caa15666daa58bec8c6fdde4fbb180a3ddd82f31bd83bf5c3\"} | is of a model of family 'qwen2', config.json beside it says 'llama'",
        "model             | {\"id\": \"x\", \"family\": \"llama\", \"hash\": \"0000000000000000000000000000000000000000000000000000000000000000\"} | has the weights of another model",
        "model             | {\"id\": \"x\", \"family\": \"llama\", \"hash\": \"12\"} | model.hash must be 64 hexadecimal digits",
        "compiled          | null             | compiled is missing"
      })
  void saysWhatIsWrongWithAManifest(String field, String value, String what) throws IOException {
    var wrong = JSON.readTree(value);
    change(manifest -> manifest.set(field, wrong));

    refused(FLOAT32, what);
  }

  /** It is written last, so that without it the rest may be there in part. */
  @Test
  void isNoneWithoutItsManifest() throws IOException {
    Files.delete(folder.resolve("manifest.json"));

    refused(FLOAT32, "manifest.json: is missing");
  }

  @Test
  void saysWhatIsWrongWithTheFilesBeside() throws IOException {
    try (RandomAccessFile weights = new RandomAccessFile(folder.resolve(WEIGHTS).toFile(), "rw")) {
      weights.setLength(weights.length() - 4);
    }
    refused(FLOAT32, "tp0_sharded_checkpoint.safetensors: has", "manifest.json says");
    Files.delete(folder.resolve(WEIGHTS));
    refused(FLOAT32, "is missing: the weights of rank 0 of 1");
    Files.delete(folder.resolve("model.pt"));
    refused(FLOAT32, "model.pt: is missing");
    Files.delete(folder.resolve("manifest.json"));
    refused(FLOAT32, "holds neither model.safetensors nor");
  }
}
