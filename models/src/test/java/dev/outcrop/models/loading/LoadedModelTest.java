package dev.outcrop.models.loading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Folders that cannot be opened, where weights and text are read side by side. */
class LoadedModelTest {
  private static final Path DEMO = Path.of("demo", "model");
  private static final LoadOptions OPTIONS =
      new LoadOptions(LoadOptions.Dtype.BFLOAT16, 4 << 20, 0, 1);

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
