package dev.outcrop.models.text;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/** The small tokenizers that make_tokenizer_goldens.py trained, and the demo model's. */
final class TokenizerFixtures {
  static final String DEMO = "demo";

  private static final String[] FRAGMENTS = {
    "hello", " ", "  ", "\n", "the token", "é", "e\u0301", "你好", "🙂", "👩‍👩‍👧", "\u2581", "<",
    "|", "|>", "<|im_", "end", "123", "{\"a\": 1}", "\t", "\u0000", "\u00a0", "ﬁ", "\ufffd", "[/",
    "INST", "]", "<s", ">", "x", "Привет", "'s", "_", ".", "engines"
  };

  private TokenizerFixtures() {}

  static Stream<String> names() {
    return Stream.of("llama3", "qwen", "llama2", "mistral", "flags", "normalized", DEMO);
  }

  static Path folder(String name) {
    return name.equals(DEMO)
        ? Path.of("demo", "model")
        : Path.of("src", "test", "resources", "tokenizers", name);
  }

  static Tokenizer open(String name) {
    return Tokenizer.open(folder(name));
  }

  /** The library itself, as the judge of what ids and text ought to be. */
  static HuggingFaceTokenizer library(String name) {
    try {
      return HuggingFaceTokenizer.newInstance(
          folder(name).resolve("tokenizer.json"),
          Map.of("truncation", "false", "padding", "false", "addSpecialTokens", "false"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * A conversation (none for raw text), what was rendered of it, piece by piece, and the ids that
   * transformers gives.
   */
  record Golden(List<ChatMessage> messages, Prompt prompt, List<Integer> ids) {}

  static List<Golden> goldens(String name) {
    try {
      List<Golden> goldens = new ArrayList<>();
      JsonNode cases =
          JsonMapper.builder().build().readTree(folder(name).resolve("goldens.json").toFile());
      for (JsonNode golden : cases) {
        List<Prompt.Piece> pieces = new ArrayList<>();
        for (JsonNode piece : golden.path("pieces")) {
          pieces.add(new Prompt.Piece(piece.get(0).textValue(), piece.get(1).booleanValue()));
        }
        List<Integer> ids = new ArrayList<>();
        golden.path("ids").forEach(id -> ids.add(id.intValue()));
        List<ChatMessage> messages = new ArrayList<>();
        for (JsonNode turn : golden.path("messages")) {
          messages.add(ChatMessage.of(turn.get(0).textValue(), turn.get(1).textValue()));
        }
        goldens.add(new Golden(messages, new Prompt(pieces), ids));
      }
      return goldens;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Text of fragments that provoke merges across borders, odd white space and odd characters. */
  static String randomText(RandomGenerator random, int fragments) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < fragments; i++) {
      text.append(FRAGMENTS[random.nextInt(FRAGMENTS.length)]);
    }
    return text.toString();
  }

  static Prompt user(String text) {
    return new Prompt(List.of(new Prompt.Piece(text, false)));
  }
}
