package dev.outcrop.models.arch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.outcrop.models.OutcropException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class SentenceModulesTest {
  private static final String TRANSFORMER =
      "{\"path\":\"\",\"type\":\"sentence_transformers.models.Transformer\"}";
  private static final String POOLING =
      "{\"path\":\"1_Pooling\",\"type\":\"sentence_transformers.models.Pooling\"}";
  private static final String NORMALIZE =
      "{\"path\":\"2_Normalize\",\"type\":\"sentence_transformers.models.Normalize\"}";

  @TempDir Path folder;

  private SentenceModules read(String pooling, String... modules) throws IOException {
    Files.writeString(folder.resolve("modules.json"), "[" + String.join(",", modules) + "]");
    Files.createDirectories(folder.resolve("1_Pooling"));
    Files.writeString(folder.resolve("1_Pooling/config.json"), pooling);
    return SentenceModules.read(folder);
  }

  @ParameterizedTest
  @CsvSource({
    "pooling_mode_cls_token, CLS",
    "pooling_mode_mean_tokens, MEAN",
    "pooling_mode_lasttoken, LAST"
  })
  void readsTheFlagsOfSentenceTransformers5(String flag, Pooling pooling) throws IOException {
    String config = "{\"word_embedding_dimension\":32,\"%s\":true}".formatted(flag);
    assertThat(read(config, TRANSFORMER, POOLING).pooling()).isEqualTo(pooling);
  }

  @Test
  void readsTheNameOfSentenceTransformers6() throws IOException {
    SentenceModules read = read("{\"pooling_mode\":\"cls\"}", TRANSFORMER, POOLING, NORMALIZE);
    assertThat(read).isEqualTo(new SentenceModules(Pooling.CLS, true, OptionalInt.empty()));
  }

  @Test
  void takesTheMeanWhereThereAreNoModules() {
    assertThat(SentenceModules.read(folder))
        .isEqualTo(new SentenceModules(Pooling.MEAN, false, OptionalInt.empty()));
  }

  @Test
  void textsAreAsLongAsTheStricterFileAllows() throws IOException {
    Files.writeString(folder.resolve("sentence_bert_config.json"), "{\"max_seq_length\":256}");
    Files.writeString(folder.resolve("tokenizer_config.json"), "{\"model_max_length\":512}");
    assertThat(SentenceModules.read(folder).maxTokens()).hasValue(256);
    Files.writeString(folder.resolve("sentence_bert_config.json"), "{\"max_seq_length\":null}");
    assertThat(SentenceModules.read(folder).maxTokens()).hasValue(512);
    Files.writeString(folder.resolve("tokenizer_config.json"), "{\"model_max_length\":1e30}");
    assertThat(SentenceModules.read(folder).maxTokens()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"pooling_mode_max_tokens\":true}",
        "{\"pooling_mode_max_tokens\":true,\"pooling_mode_cls_token\":true}",
        "{\"pooling_mode_mean_tokens\":true,\"pooling_mode_cls_token\":true}",
        "{\"pooling_mode\":\"weightedmean\"}",
        "{}"
      })
  void saysWhichPoolingIsSupported(String config) {
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> read(config, TRANSFORMER, POOLING))
        .withMessageContainingAll("1_Pooling", "cls, mean, lasttoken");
  }

  @Test
  void refusesModulesThatItWouldHaveToLeaveOut() {
    String dense = "{\"path\":\"2_Dense\",\"type\":\"sentence_transformers.models.Dense\"}";
    String pooling = "{\"pooling_mode\":\"cls\"}";
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> read(pooling, TRANSFORMER, POOLING, dense))
        .withMessageContainingAll("modules.json", "Dense");
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> read(pooling, TRANSFORMER, NORMALIZE, POOLING))
        .withMessageContaining("Normalize before Pooling");
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> read(pooling, TRANSFORMER))
        .withMessageContaining("no Pooling");
  }

  @Test
  void doesNotLeaveTheFolder() {
    String outside = POOLING.replace("1_Pooling", "../1_Pooling");
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> read("{\"pooling_mode\":\"cls\"}", TRANSFORMER, outside))
        .withMessageContaining("../1_Pooling");
  }
}
