package dev.outcrop.models.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares with what Python tokenizers said, see make_encoder_fixtures.py. */
class EncoderTokenizerTest {
  private static Path folder(String name) throws URISyntaxException {
    return Path.of(
        Objects.requireNonNull(EncoderTokenizerTest.class.getResource("/encoders/" + name))
            .toURI());
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert-mean", "xlm-roberta", "modernbert"})
  void equalsTheLibraryOnTexts(String name) throws Exception {
    JsonNode said = expected(name);
    try (EncoderTokenizer tokenizer = EncoderTokenizer.open(folder(name))) {
      for (int i = 0; i < said.get("texts").size(); i++) {
        var encoded = tokenizer.encode(said.get("texts").get(i).textValue());
        assertThat(encoded.ids()).as("text " + i).containsExactly(ints(said.get("ids").get(i)));
        assertThat(encoded.types()).containsExactly(ints(said.get("types").get(i)));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert-reranker", "xlm-roberta-reranker", "modernbert-reranker"})
  void equalsTheLibraryOnPairs(String name) throws Exception {
    JsonNode said = expected(name);
    try (EncoderTokenizer tokenizer = EncoderTokenizer.open(folder(name))) {
      for (int i = 0; i < said.get("first").size(); i++) {
        var encoded =
            tokenizer.encode(
                said.get("first").get(i).textValue(), said.get("second").get(i).textValue());
        assertThat(encoded.ids()).as("pair " + i).containsExactly(ints(said.get("ids").get(i)));
        assertThat(encoded.types()).containsExactly(ints(said.get("types").get(i)));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "bert-mean, [SEP], [CLS]",
    "bert-mean, [MASK], [PAD]",
    "xlm-roberta, </s>, <s>",
    "xlm-roberta, <mask>, <pad>",
    "modernbert, [SEP], [CLS]",
    "modernbert, [MASK], [PAD]"
  })
  void textNeverBecomesASpecialToken(String name, String one, String other) throws Exception {
    List<Integer> special = special(name);
    try (EncoderTokenizer tokenizer = EncoderTokenizer.open(folder(name))) {
      for (String text : List.of(one, "a" + one + other + " b", " " + other + one)) {
        int[] ids = tokenizer.encode(text).ids();
        int[] inner = Arrays.copyOfRange(ids, 1, ids.length - 1);
        assertThat(inner).isNotEmpty();
        assertThat(Arrays.stream(inner).boxed()).as(text).doesNotContainAnyElementsOf(special);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert-mean", "xlm-roberta", "modernbert"})
  void takesLoneSurrogatesAndTheEmptyText(String name) throws Exception {
    try (EncoderTokenizer tokenizer = EncoderTokenizer.open(folder(name))) {
      assertThat(tokenizer.encode("a \ud800 b").ids())
          .containsExactly(tokenizer.encode("a \ufffd b").ids());
      assertThat(tokenizer.encode("").ids()).hasSize(2);
    }
  }

  /** All but the unknown token, which text may become. */
  private static List<Integer> special(String name) throws Exception {
    JsonNode root = new ObjectMapper().readTree(folder(name).resolve("tokenizer.json").toFile());
    List<Integer> ids = new ArrayList<>();
    for (JsonNode token : root.get("added_tokens")) {
      if (token.get("special").booleanValue()
          && !token.get("content").textValue().toLowerCase(java.util.Locale.ROOT).contains("unk")) {
        ids.add(token.get("id").intValue());
      }
    }
    assertThat(ids).hasSize(4);
    return ids;
  }

  private static JsonNode expected(String name) throws IOException, URISyntaxException {
    return new ObjectMapper().readTree(folder(name).resolve("expected.json").toFile());
  }

  private static int[] ints(JsonNode list) {
    int[] ints = new int[list.size()];
    for (int i = 0; i < ints.length; i++) {
      ints[i] = list.get(i).intValue();
    }
    return ints;
  }
}
