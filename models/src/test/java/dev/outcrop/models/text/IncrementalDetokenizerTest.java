package dev.outcrop.models.text;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

final class IncrementalDetokenizerTest {
  @ParameterizedTest
  @MethodSource("dev.outcrop.models.text.TokenizerFixtures#names")
  void givesWhatTheLibraryDecodesFromAnyIds(String name) {
    Random random = new Random(5);
    try (Tokenizer tokenizer = TokenizerFixtures.open(name);
        HuggingFaceTokenizer library = TokenizerFixtures.library(name)) {
      for (int i = 0; i < 1_500; i++) {
        int[] ids = randomIds(tokenizer, random, i % 3);
        assertThat(tokenizer.decode(ids)).isEqualTo(decode(library, ids));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.outcrop.models.text.TokenizerFixtures#names")
  void givesEncodedTextBackInWholeCharacters(String name) {
    Random random = new Random(6);
    try (Tokenizer tokenizer = TokenizerFixtures.open(name);
        HuggingFaceTokenizer library = TokenizerFixtures.library(name)) {
      for (int i = 0; i < 300; i++) {
        String text = "x" + TokenizerFixtures.randomText(random, 10).replace("\ufffd", "");
        int[] ids = tokenizer.encode(TokenizerFixtures.user(text));
        IncrementalDetokenizer detokenizer = tokenizer.detokenizer();
        StringBuilder shown = new StringBuilder();
        for (int id : ids) {
          String delta = detokenizer.accept(id);
          assertThat(delta).doesNotContain("\ufffd");
          if (!delta.isEmpty()) {
            assertThat(Character.isLowSurrogate(delta.charAt(0))).isFalse();
            assertThat(Character.isHighSurrogate(delta.charAt(delta.length() - 1))).isFalse();
          }
          shown.append(delta);
        }
        shown.append(detokenizer.flush());
        assertThat(shown.toString()).isEqualTo(decode(library, ids)).startsWith("x");
      }
    }
  }

  @Test
  void holdsAnEmojiUntilItIsWhole() {
    try (Tokenizer tokenizer = TokenizerFixtures.open("llama3")) {
      int[] ids = tokenizer.encode(TokenizerFixtures.user("\ud83e\udd8a"));
      assertThat(ids).hasSizeGreaterThan(1);
      IncrementalDetokenizer detokenizer = tokenizer.detokenizer();
      for (int i = 0; i < ids.length - 1; i++) {
        assertThat(detokenizer.accept(ids[i])).isEmpty();
      }
      assertThat(detokenizer.accept(ids[ids.length - 1])).isEqualTo("\ud83e\udd8a");
    }
  }

  @Test
  void givesReplacementForCharacterThatNeverCame() {
    try (Tokenizer tokenizer = TokenizerFixtures.open("llama3")) {
      int[] ids = tokenizer.encode(TokenizerFixtures.user("a\ud83e\udd8a"));
      IncrementalDetokenizer detokenizer = tokenizer.detokenizer();
      assertThat(detokenizer.accept(ids[0])).isEqualTo("a");
      assertThat(detokenizer.accept(ids[1])).isEmpty();
      assertThat(detokenizer.flush()).isEqualTo("\ufffd");
    }
  }

  @Test
  void showsAddedTokensThatAreNotSpecial() {
    try (Tokenizer tokenizer = TokenizerFixtures.open("qwen")) {
      int[] ids = tokenizer.encodeTrusted("<|im_start|>a<tool_call>b</tool_call><|im_end|>");
      assertThat(tokenizer.decode(ids)).isEqualTo("a<tool_call>b</tool_call>");
    }
  }

  @ParameterizedTest
  @CsvSource({"llama2", "mistral"})
  void dropsOnlyTheFirstSpace(String name) {
    try (Tokenizer tokenizer = TokenizerFixtures.open(name)) {
      int piece = tokenizer.idOf("\u2581the").orElseThrow();
      IncrementalDetokenizer detokenizer = tokenizer.detokenizer();
      assertThat(detokenizer.accept(piece)).isEqualTo("the");
      assertThat(detokenizer.accept(piece)).isEqualTo(" the");
    }
  }

  @Test
  void showsLongRunOfByteTokensBeforeItEnds() {
    try (Tokenizer tokenizer = TokenizerFixtures.open("llama2")) {
      int[] euro =
          IntStream.of(0xe2, 0x82, 0xac)
              .map(b -> tokenizer.idOf("<0x%02X>".formatted(b)).orElseThrow())
              .toArray();
      IncrementalDetokenizer detokenizer = tokenizer.detokenizer();
      StringBuilder shown = new StringBuilder();
      for (int i = 0; i < 200; i++) {
        for (int id : euro) {
          shown.append(detokenizer.accept(id));
        }
      }
      assertThat(shown.length()).isGreaterThan(100);
      assertThat(shown.append(detokenizer.flush()).toString()).isEqualTo("€".repeat(200));
    }
  }

  @Test
  void ignoresIdsOutsideTheVocabulary() {
    try (Tokenizer tokenizer = TokenizerFixtures.open("qwen")) {
      assertThat(tokenizer.decode(new int[] {-1, tokenizer.vocabularySize(), 1 << 30})).isEmpty();
    }
  }

  /** Ids of all kinds, of the first ids (bytes, controls), or with long runs of single bytes. */
  private static int[] randomIds(Tokenizer tokenizer, Random random, int kind) {
    int bound = kind == 0 ? tokenizer.vocabularySize() : 300;
    int[] ids = new int[1 + random.nextInt(20)];
    for (int i = 0; i < ids.length; i++) {
      ids[i] =
          kind == 2 && random.nextInt(5) == 0
              ? random.nextInt(tokenizer.vocabularySize())
              : random.nextInt(bound);
    }
    return ids;
  }

  private static String decode(HuggingFaceTokenizer library, int[] ids) {
    return library.decode(Arrays.stream(ids).asLongStream().toArray(), true);
  }
}
