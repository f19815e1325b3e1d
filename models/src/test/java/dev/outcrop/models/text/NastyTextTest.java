package dev.outcrop.models.text;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Emoji, right-to-left scripts, control characters, lone surrogates, lines of 100 KB: the ids that
 * Python tokenizers give, see make_nasty_goldens.py.
 */
class NastyTextTest {
  private static final Path RESOURCES = Path.of("src", "test", "resources");
  private static final int LONG_LINE = 90_000;
  private static JsonNode goldens;

  /** What a tokenizer makes of every text; encoding them all takes a second. */
  private static final Map<String, List<int[]>> IDS = new HashMap<>();

  @BeforeAll
  static void read() throws IOException {
    goldens =
        JsonMapper.builder()
            .build()
            .readTree(RESOURCES.resolve("tokenizers").resolve("nasty.json").toFile());
  }

  private static String text(JsonNode golden) {
    return golden.path("part").textValue().repeat(golden.path("times").intValue());
  }

  private static List<int[]> ids(String name, Tokenizer tokenizer) {
    return IDS.computeIfAbsent(
        name,
        _ -> {
          List<int[]> ids = new ArrayList<>();
          for (JsonNode golden : goldens.path("texts")) {
            ids.add(tokenizer.encode(TokenizerFixtures.user(text(golden))));
          }
          return ids;
        });
  }

  private static String digest(int[] ids) {
    ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * ids.length);
    for (int id : ids) {
      bytes.putInt(id);
    }
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.array()));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private static void equalsPython(String name, IntFunction<int[]> idsOfText) {
    JsonNode expected = goldens.path("ids").path(name);
    JsonNode texts = goldens.path("texts");
    assertThat(expected.size()).isEqualTo(texts.size()).isGreaterThan(80);
    SoftAssertions all = new SoftAssertions();
    for (int i = 0; i < texts.size(); i++) {
      int[] ids = idsOfText.apply(i);
      String as = texts.get(i).path("name").textValue();
      all.assertThat(ids.length).as(as).isEqualTo(expected.get(i).get(0).intValue());
      all.assertThat(digest(ids)).as(as).isEqualTo(expected.get(i).get(1).textValue());
    }
    all.assertAll();
  }

  @ParameterizedTest
  @MethodSource("dev.outcrop.models.text.TokenizerFixtures#names")
  void givesPromptsTheIdsOfPython(String name) {
    try (Tokenizer tokenizer = TokenizerFixtures.open(name)) {
      equalsPython(name, ids(name, tokenizer)::get);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert-mean", "xlm-roberta", "modernbert"})
  void givesTextsToEmbedTheIdsOfPython(String name) {
    try (EncoderTokenizer tokenizer =
        EncoderTokenizer.open(RESOURCES.resolve("encoders").resolve(name))) {
      equalsPython(name, i -> tokenizer.encode(text(goldens.path("texts").get(i))).ids());
    }
  }

  @ParameterizedTest
  @MethodSource("dev.outcrop.models.text.TokenizerFixtures#names")
  void streamsWhatTheLibraryDecodesInOnePiece(String name) {
    try (Tokenizer tokenizer = TokenizerFixtures.open(name);
        HuggingFaceTokenizer library = TokenizerFixtures.library(name)) {
      for (int i = 0; i < goldens.path("texts").size(); i++) {
        int[] ids = ids(name, tokenizer).get(i);
        IncrementalDetokenizer detokenizer = tokenizer.detokenizer();
        StringBuilder streamed = new StringBuilder();
        for (int id : ids) {
          streamed.append(detokenizer.accept(id));
        }
        streamed.append(detokenizer.flush());
        assertThat(streamed.toString())
            .as(goldens.path("texts").get(i).path("name").textValue())
            .isEqualTo(library.decode(Arrays.stream(ids).asLongStream().toArray(), true));
      }
    }
  }

  @Test
  void bringsByteLevelTextBackAsItWas() {
    try (Tokenizer tokenizer = TokenizerFixtures.open("llama3")) {
      List<int[]> ids = ids("llama3", tokenizer);
      for (int i = 0; i < ids.size(); i++) {
        JsonNode golden = goldens.path("texts").get(i);
        assertThat(tokenizer.decode(ids.get(i)))
            .as(golden.path("name").textValue())
            .isEqualTo(Tokenizer.wellFormed(text(golden)));
      }
    }
  }

  @Test
  void hasLongLinesAndLoneSurrogates() {
    long lines = 0;
    long lone = 0;
    for (JsonNode golden : goldens.path("texts")) {
      String text = text(golden);
      lines += text.getBytes(StandardCharsets.UTF_8).length >= LONG_LINE ? 1 : 0;
      lone += Tokenizer.wellFormed(text).equals(text) ? 0 : 1;
    }
    assertThat(lines).isGreaterThan(15);
    assertThat(lone).isEqualTo(4);
  }
}
