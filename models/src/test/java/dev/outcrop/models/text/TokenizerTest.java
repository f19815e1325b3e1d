package dev.outcrop.models.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class TokenizerTest {
  @ParameterizedTest
  @ValueSource(strings = {"llama3", "qwen", "llama2", "mistral", "flags", "normalized"})
  void givesTheIdsOfTransformers(String name) {
    try (Tokenizer tokenizer = TokenizerFixtures.open(name)) {
      for (TokenizerFixtures.Golden golden : TokenizerFixtures.goldens(name)) {
        assertThat(tokenizer.encode(golden.prompt()))
            .as(golden.prompt().text())
            .isEqualTo(array(golden));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama3", "qwen", "llama2", "mistral", "flags", "normalized"})
  void givesTheIdsOfTransformersForConversations(String name) {
    ChatTemplate template = ChatTemplate.open(TokenizerFixtures.folder(name));
    try (Tokenizer tokenizer = TokenizerFixtures.open(name)) {
      for (TokenizerFixtures.Golden golden : TokenizerFixtures.goldens(name)) {
        if (!golden.messages().isEmpty()) {
          Prompt prompt =
              template.render(golden.messages(), List.of(), true, Map.of(), Clock.systemUTC());
          assertThat(tokenizer.encode(prompt)).as(prompt.text()).isEqualTo(array(golden));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.outcrop.models.text.TokenizerFixtures#names")
  void givesTheIdsOfTheLibraryForTrustedText(String name) {
    Random random = new Random(11);
    try (Tokenizer tokenizer = TokenizerFixtures.open(name);
        HuggingFaceTokenizer library = TokenizerFixtures.library(name)) {
      List<String> added = added(tokenizer);
      for (int i = 0; i < 300; i++) {
        StringBuilder text = new StringBuilder();
        for (int j = 0; j < 4; j++) {
          text.append(TokenizerFixtures.randomText(random, random.nextInt(5)));
          if (random.nextBoolean()) {
            text.append(added.get(random.nextInt(added.size())));
          }
        }
        assertThat(tokenizer.encodeTrusted(text.toString()))
            .as(text.toString())
            .isEqualTo(ids(library, text.toString()));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.outcrop.models.text.TokenizerFixtures#names")
  void encodesAcrossTheBordersOfTrustAsInOnePiece(String name) {
    Random random = new Random(12);
    try (Tokenizer tokenizer = TokenizerFixtures.open(name)) {
      List<String> added = added(tokenizer);
      for (int i = 0; i < 300; i++) {
        String text = TokenizerFixtures.randomText(random, 8);
        int cut = text.offsetByCodePoints(0, random.nextInt(text.codePointCount(0, text.length())));
        if (added.stream().anyMatch(text::contains)) {
          continue;
        }
        Prompt prompt =
            new Prompt(
                List.of(
                    new Prompt.Piece(text.substring(0, cut), i % 2 == 0),
                    new Prompt.Piece(text.substring(cut), i % 2 == 1)));
        assertThat(tokenizer.encode(prompt)).as(text).isEqualTo(tokenizer.encodeTrusted(text));
      }
    }
  }

  @Test
  void neitherTruncatesNorAddsTokens() {
    try (Tokenizer tokenizer = TokenizerFixtures.open("llama3")) {
      assertThat(tokenizer.encodeTrusted("the river ".repeat(5_000))).hasSizeGreaterThan(5_000);
      assertThat(tokenizer.encodeTrusted("")).isEmpty();
      assertThat(tokenizer.encodeTrusted("x")).hasSize(1);
    }
  }

  @Test
  void takesLoneSurrogates() {
    try (Tokenizer tokenizer = TokenizerFixtures.open("llama3")) {
      int[] ids = tokenizer.encode(TokenizerFixtures.user("a\ud83db\ude42\ud83d\ude42"));
      assertThat(tokenizer.decode(ids)).isEqualTo("a\ufffdb\ufffd\ud83d\ude42");
    }
  }

  @Test
  void knowsItsVocabularyAndNamedTokens() {
    try (Tokenizer tokenizer = TokenizerFixtures.open("llama2")) {
      assertThat(tokenizer.bosToken()).isEqualTo("<s>");
      assertThat(tokenizer.bosId()).hasValue(1);
      assertThat(tokenizer.eosId()).hasValue(2);
      assertThat(tokenizer.idOf("</s>")).hasValue(2);
      assertThat(tokenizer.idOf("no such token")).isEmpty();
      assertThat(tokenizer.isSpecial(2)).isTrue();
      assertThat(tokenizer.isSpecial(300)).isFalse();
      assertThat(tokenizer.controlToken(2)).isEqualTo("</s>");
      assertThat(tokenizer.controlToken(300)).isNull();
      assertThat(tokenizer.controlToken(-1)).isNull();
      assertThat(tokenizer.controlToken(1 << 20)).isNull();
      assertThat(tokenizer.padToken()).isNull();
    }
    try (Tokenizer tokenizer = TokenizerFixtures.open("qwen")) {
      assertThat(tokenizer.bosToken()).isNull();
      assertThat(tokenizer.idOf("</think>")).hasValue(tokenizer.vocabularySize() - 1);
      assertThat(tokenizer.isSpecial(tokenizer.vocabularySize() - 1)).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen", "mistral"})
  void encodesOnManyVirtualThreadsAtOnce(String name) throws Exception {
    try (Tokenizer tokenizer = TokenizerFixtures.open(name);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<TokenizerFixtures.Golden> goldens = TokenizerFixtures.goldens(name);
      Callable<Boolean> all =
          () ->
              goldens.stream().allMatch(g -> Arrays.equals(tokenizer.encode(g.prompt()), array(g)));
      List<Future<Boolean>> results =
          threads.invokeAll(IntStream.range(0, 200).mapToObj(i -> all).toList());
      for (Future<Boolean> result : results) {
        assertThat(result.get()).isTrue();
      }
    }
  }

  @Test
  void refusesUseAfterCloseAndMayBeClosedTwice() {
    Tokenizer tokenizer = TokenizerFixtures.open("llama3");
    tokenizer.close();
    tokenizer.close();
    assertThatExceptionOfType(IllegalStateException.class)
        .isThrownBy(() -> tokenizer.encodeTrusted("x"));
  }

  @Test
  void namesFileThatIsMissingOrBroken(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("tokenizer.json");
    refused(folder, ModelError.CHECKPOINT_INVALID, "tokenizer.json", "missing");
    Files.writeString(file, "{\"model\":{\"type\":\"Unigram\",\"vocab\":[]}}");
    refused(folder, ModelError.CHECKPOINT_UNSUPPORTED, "tokenizer.json", "Unigram", "BPE");
    Files.writeString(file, "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":-1}}}");
    refused(folder, ModelError.CHECKPOINT_INVALID, "tokenizer.json", "'a'");
    Files.writeString(file, "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0}}}");
    refused(folder, ModelError.CHECKPOINT_UNSUPPORTED, "tokenizer.json", "decoder");
    Files.writeString(
        file, "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0}},\"decoder\":{\"type\":\"Fuse\"}}");
    refused(folder, ModelError.CHECKPOINT_INVALID, "tokenizer.json", "tokenizers library");
    Files.writeString(
        file,
        """
        {"model":{"type":"BPE","vocab":{"a":0}},"decoder":{"type":"Fuse"},
        "added_tokens":[{"id":7,"content":"a"}]}
        """);
    refused(folder, ModelError.CHECKPOINT_INVALID, "tokenizer.json", "'a'", "7");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "{\"a\":5}; {\"id\":5,\"content\":\"<|x|>\",\"special\":true}; '<|x|>'",
        "{\"a\":5,\"<|x|>\":5}; {\"id\":5,\"content\":\"<|x|>\"}; '<|x|>'",
        "{\"a\":0}; {\"id\":5,\"content\":\"<|x|>\"},{\"id\":5,\"content\":\"  \"}; '<|x|>'",
      })
  void refusesTwoTokensOfOneId(String vocabulary, String added, String token, @TempDir Path folder)
      throws IOException {
    Files.writeString(
        folder.resolve("tokenizer.json"),
        """
        {"model":{"type":"BPE","vocab":%s,"merges":[]},"decoder":{"type":"ByteLevel"},
        "added_tokens":[%s]}
        """
            .formatted(vocabulary, added));
    refused(folder, ModelError.CHECKPOINT_INVALID, "tokenizer.json", token, "id 5");
  }

  @Test
  void refusesAnAddedTokenThatIsTooLong(@TempDir Path folder) throws IOException {
    Files.writeString(
        folder.resolve("tokenizer.json"),
        """
        {"model":{"type":"BPE","vocab":{},"merges":[]},"decoder":{"type":"ByteLevel"},
        "added_tokens":[{"id":5,"content":"<%s>"}]}
        """
            .formatted("x".repeat(999)));
    refused(folder, ModelError.CHECKPOINT_INVALID, "tokenizer.json", "'<xxx", "1000 characters");
  }

  private static void refused(Path folder, ModelError code, String... words) {
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> Tokenizer.open(folder))
        .satisfies(
            e -> {
              assertThat(e.code()).isEqualTo(code);
              assertThat(e.getMessage()).contains(words);
            });
  }

  private static List<String> added(Tokenizer tokenizer) {
    return Stream.of(
            "<s>",
            "</s>",
            "[INST]",
            "[/INST]",
            "<|im_start|>",
            "<|im_end|>",
            "<tool_call>",
            "<|eot_id|>",
            "<|role|>",
            "<|begin|>",
            "<|begin|>>",
            "<|end|>",
            "<|note|>",
            "token",
            "<tool>",
            ">\n<|im_end|>",
            "engine")
        .filter(token -> tokenizer.idOf(token).isPresent())
        .toList();
  }

  private static int[] array(TokenizerFixtures.Golden golden) {
    return golden.ids().stream().mapToInt(Integer::intValue).toArray();
  }

  private static int[] ids(HuggingFaceTokenizer library, String text) {
    return Arrays.stream(library.encode(text, false, false).getIds())
        .mapToInt(Math::toIntExact)
        .toArray();
  }
}
