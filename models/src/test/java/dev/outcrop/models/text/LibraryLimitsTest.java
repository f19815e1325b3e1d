package dev.outcrop.models.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that end the process inside the native library, were they handed to it. */
class LibraryLimitsTest {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  @TempDir Path folder;

  private void changed(Path from, Consumer<ObjectNode> change) throws IOException {
    ObjectNode root = (ObjectNode) JSON.readTree(from.resolve("tokenizer.json").toFile());
    change.accept(root);
    Files.writeString(folder.resolve("tokenizer.json"), root.toString());
    Files.writeString(folder.resolve("tokenizer_config.json"), "{}");
  }

  private static Path encoder(String name) {
    return Path.of("src", "test", "resources", "encoders", name);
  }

  private static JsonNode json(String text) {
    try {
      return JSON.readTree(text);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private void refusesForDecoder(String words) {
    refuses(() -> Tokenizer.open(folder).close(), words);
  }

  private void refusesForEncoder(String words) {
    refuses(() -> EncoderTokenizer.open(folder).close(), words);
  }

  private static void refuses(Runnable opening, String words) {
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(opening::run)
        .withMessageContaining("tokenizer.json")
        .withMessageContaining(words)
        .satisfies(e -> assertThat(e.code()).isEqualTo(ModelError.CHECKPOINT_INVALID));
  }

  private static void pattern(ObjectNode root, String opening, String closing, int depth) {
    root.putObject("pre_tokenizer")
        .put("type", "Split")
        .put("behavior", "Isolated")
        .put("invert", false)
        .putObject("pattern")
        .put("Regex", opening.repeat(depth) + "a" + closing.repeat(depth));
  }

  @ParameterizedTest
  @ValueSource(ints = {101, 5_000, 1_000_000})
  void refusesAPatternThatNestsTooDeeply(int depth) throws IOException {
    changed(TokenizerFixtures.folder("qwen"), root -> pattern(root, "(", ")", depth));

    refusesForDecoder("deeper than 100");
    refusesForEncoder("deeper than 100");
  }

  @Test
  void takesAPatternThatNestsALittle() throws IOException {
    changed(TokenizerFixtures.folder("qwen"), root -> pattern(root, "(", ")", 100));

    assertThatCode(() -> Tokenizer.open(folder).close()).doesNotThrowAnyException();
  }

  @Test
  void refusesADeepPatternInsideASequence() throws IOException {
    changed(
        TokenizerFixtures.folder("qwen"),
        root -> {
          pattern(root, "[", "]", 3_000);
          JsonNode split = root.remove("pre_tokenizer");
          root.putObject("normalizer").put("type", "Sequence").putArray("normalizers").add(split);
        });

    refusesForDecoder("deeper than 100");
  }

  @Test
  void refusesAPrefixThatMergesDoNotHave() throws IOException {
    changed(
        TokenizerFixtures.folder("qwen"),
        root -> ((ObjectNode) root.path("model")).put("continuing_subword_prefix", "##"));

    refusesForDecoder("continuing_subword_prefix");
  }

  @ParameterizedTest
  @ValueSource(strings = {"single", "pair"})
  void refusesATemplateThatNamesATokenItDoesNotDescribe(String template) throws IOException {
    changed(
        encoder("bert-mean"),
        root ->
            ((ObjectNode) root.path("post_processor"))
                .set(
                    template,
                    json(
                        "[{\"SpecialToken\":{\"id\":\"[X]\",\"type_id\":0}},"
                            + "{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}]")));

    refusesForEncoder("names '[X]'");
  }

  @Test
  void refusesATemplatesTokenWithMoreIdsThanTokens() throws IOException {
    changed(
        encoder("bert-mean"),
        root ->
            ((ObjectNode) root.path("post_processor").path("special_tokens"))
                .set("[CLS]", json("{\"id\":\"[CLS]\",\"ids\":[2,3],\"tokens\":[\"[CLS]\"]}")));

    refusesForEncoder("differ in number");
  }

  @Test
  void refusesUnigramsWithoutATokenForTheUnknown() throws IOException {
    changed(encoder("xlm-roberta"), root -> ((ObjectNode) root.path("model")).putNull("unk_id"));

    refusesForEncoder("does not know");
  }

  @Test
  void refusesWordPiecesWithoutATokenForTheUnknown() throws IOException {
    changed(
        encoder("bert-mean"),
        root -> ((ObjectNode) root.path("model")).put("unk_token", "[NOWHERE]"));

    refusesForEncoder("does not know");
  }
}
