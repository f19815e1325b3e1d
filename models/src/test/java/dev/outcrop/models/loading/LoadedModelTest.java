package dev.outcrop.models.loading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.weights.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Folders that cannot be opened, where weights and text are read side by side. */
class LoadedModelTest {
  private static final Path DEMO = Path.of("demo", "model");
  private static final LoadOptions OPTIONS =
      new LoadOptions(LoadOptions.Dtype.BFLOAT16, 4 << 20, 0, 1);

  private static final EngineOptions ENGINE = new EngineOptions(ComputeType.BFLOAT16, 64, 1);

  @TempDir private Path folder;

  @BeforeEach
  void copies() throws IOException {
    for (String name :
        new String[] {
          "config.json",
          "generation_config.json",
          "tokenizer.json",
          "tokenizer_config.json",
          "chat_template.jinja",
          "model.safetensors"
        }) {
      Files.copy(DEMO.resolve(name), folder.resolve(name));
    }
  }

  @Test
  void namesTheTokenizerThatIsMissingAndClosesTheEngine() throws IOException {
    Files.delete(folder.resolve("tokenizer.json"));

    refused("tokenizer.json");
    assertThat(EngineLoader.openHandles()).isZero();
  }

  /** The weights are gone once their headers were looked at: who reads them fails otherwise. */
  @Test
  void readsNoWeightsWhereTheTokenizerIsKnownToBeMissing() throws IOException {
    Files.delete(folder.resolve("tokenizer.json"));
    DecoderConfig config = DecoderConfig.read(folder);
    Checkpoint checkpoint = Checkpoint.open(folder);
    Files.delete(folder.resolve("model.safetensors"));
    TextSide.Reading text = TextSide.begin(folder, config);
    assertThatExceptionOfType(OutcropException.class).isThrownBy(text::await);

    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> EngineLoader.open(config, checkpoint, ENGINE, text::requireNoError))
        .withMessageContaining("tokenizer.json");
    assertThatExceptionOfType(OutcropException.class)
        .as("what is said without a look at the text")
        .isThrownBy(() -> EngineLoader.open(config, checkpoint, ENGINE))
        .withMessageContaining("weights");
  }

  @Test
  void stopsReadingWeightsOnceTheTextIsKnownToBeUnsound() {
    DecoderConfig config = DecoderConfig.read(folder);
    Checkpoint checkpoint = Checkpoint.open(folder);
    IllegalStateException unsound = new IllegalStateException("unsound");
    AtomicInteger looks = new AtomicInteger();

    assertThatExceptionOfType(IllegalStateException.class)
        .isThrownBy(
            () ->
                EngineLoader.open(
                    config,
                    checkpoint,
                    ENGINE,
                    () -> {
                      if (looks.incrementAndGet() == 7) {
                        throw unsound;
                      }
                    }))
        .isSameAs(unsound);
    assertThat(looks).as("nothing is read after it").hasValue(7);
    assertThat(EngineLoader.openHandles()).isZero();
  }

  @Test
  void namesTheWeightsThatAreCutShort() throws IOException {
    byte[] bytes = Files.readAllBytes(folder.resolve("model.safetensors"));
    Files.write(folder.resolve("model.safetensors"), Arrays.copyOf(bytes, 100_000));

    refused("model.safetensors");
  }

  @Test
  void namesTheTokenizerWhereTheEngineCannotBeMadeEither() throws IOException {
    Files.delete(folder.resolve("tokenizer.json"));
    LoadOptions small = new LoadOptions(LoadOptions.Dtype.BFLOAT16, 1, 0, 1);

    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> LoadedModel.open(folder, small))
        .withMessageContaining("tokenizer.json");
  }

  @Test
  void namesTheKvCacheThatHoldsNoToken() {
    LoadOptions small = new LoadOptions(LoadOptions.Dtype.BFLOAT16, 1, 0, 1);

    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> LoadedModel.open(folder, small))
        .withMessageStartingWith("a KV cache of 1 bytes holds no token");
  }

  @Test
  void namesTheFolderThatIsNotThere() {
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> LoadedModel.open(folder.resolve("nope"), OPTIONS))
        .withMessage("there is no model folder at " + folder.resolve("nope"));
  }

  private void refused(String file) {
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> LoadedModel.open(folder, OPTIONS))
        .withMessageContaining(file)
        .satisfies(e -> assertThat(e.code()).isInstanceOf(ModelError.class));
  }
}
