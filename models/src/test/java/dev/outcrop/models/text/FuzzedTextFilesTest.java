package dev.outcrop.models.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.management.ThreadMXBean;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.arch.GenerationDefaults;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The other files of a checkpoint with wrong values in them: an error each, or a tokenizer. */
class FuzzedTextFilesTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final List<String> FILES =
      List.of("tokenizer.json", "tokenizer_config.json", "generation_config.json");
  private static final String[] VALUES = {
    "null",
    "true",
    "0",
    "-1",
    "7",
    "1.5",
    "1e400",
    "2147483647",
    "16777215",
    "4294967296",
    "9223372036854775807",
    "\"\"",
    "\"BPE\"",
    "\"a b\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"<s>\"",
    "[]",
    "{}",
    "[1]",
    "[[]]",
    "[\"a\"]",
    "{\"content\":\"x\"}",
    "{\"content\":7}",
    "{\"0\":{}}",
    "{\"type\":\"Sequence\"}",
    "{\"type\":\"ByteLevel\"}",
    "{\"-1\":{\"content\":\"q\"}}"
  };

  @TempDir Path folder;

  @Test
  void givesAnErrorOrATokenizer() throws IOException {
    run(1_000, 1);
  }

  @Test
  @Tag("long")
  void givesAnErrorOrATokenizerForTwentyThousandFiles() throws IOException {
    run(20_000, 2);
  }

  @Test
  void refusesAnIdFarBeyondTheVocabularyBeforeItMakesAList() throws IOException {
    ObjectNode root = (ObjectNode) JSON.readTree(small("qwen"));
    ((ObjectNode) root.path("model").path("vocab")).put("far", 16_000_000);
    Files.writeString(folder.resolve("tokenizer.json"), root.toString());
    long before = THREADS.getCurrentThreadAllocatedBytes();

    assertThat(opens()).isFalse();

    assertThat(THREADS.getCurrentThreadAllocatedBytes() - before).isLessThan(40_000_000);
  }

  private void run(int rounds, long seed) throws IOException {
    DecoderConfig config = config();
    List<String> originals = List.of(small("qwen"), small("llama2"));
    List<String> ofEncoders = List.of(encoder("bert-cls"), encoder("xlm-roberta"));
    Random random = new Random(seed);
    int refused = 0;
    for (int round = 0; round < rounds; round++) {
      boolean encodes = random.nextInt(3) == 0;
      String tokenizer = (encodes ? ofEncoders : originals).get(random.nextInt(2));
      String settings =
          "{\"bos_token\":\"<s>\",\"eos_token\":{\"content\":\"</s>\"},\"added_tokens_decoder\":{},"
              + "\"additional_special_tokens\":[\"<x>\"],\"chat_template\":\"{{ bos_token }}\"}";
      String generation =
          "{\"eos_token_id\":[1,2],\"do_sample\":true,\"temperature\":0.7,\"top_p\":0.9,\"top_k\":5}";
      List<String> texts = new ArrayList<>(List.of(tokenizer, settings, generation));
      int which = random.nextInt(FILES.size());
      texts.set(which, changed(texts.get(which), random));
      for (int i = 0; i < FILES.size(); i++) {
        Files.write(folder.resolve(FILES.get(i)), texts.get(i).getBytes(StandardCharsets.UTF_8));
      }
      long before = THREADS.getCurrentThreadAllocatedBytes();
      try {
        boolean fine = encodes ? opensForEncoder() : opens();
        GenerationDefaults.read(folder, config);
        ChatTemplate.source(folder);
        refused += fine ? 0 : 1;
      } catch (OutcropException e) {
        refused++;
        assertThat(e.getMessage()).contains(folder.toString()).hasSizeLessThan(2_000);
      } catch (RuntimeException | Error e) {
        throw new AssertionError("round " + round + " " + FILES.get(which), e);
      }
      long size = texts.stream().mapToLong(String::length).sum();
      assertThat(THREADS.getCurrentThreadAllocatedBytes() - before)
          .describedAs("round " + round)
          .isLessThan(4_000_000 + 256 * size);
    }
    assertThat(refused).isBetween(rounds / 10, rounds * 9 / 10);
  }

  private boolean opens() {
    try (Tokenizer tokenizer = Tokenizer.open(folder)) {
      tokenizer.decode(tokenizer.encodeTrusted("a bc <s> d"));
      return true;
    } catch (OutcropException e) {
      assertThat(e.getMessage()).contains(folder.toString()).hasSizeLessThan(2_000);
      return false;
    }
  }

  private boolean opensForEncoder() {
    try (EncoderTokenizer tokenizer = EncoderTokenizer.open(folder)) {
      tokenizer.encode("a bc", "[SEP] d");
      return true;
    }
  }

  private DecoderConfig config() throws IOException {
    Path config = Path.of("src", "test", "resources", "checkpoints", "llama");
    assertThat(config).exists();
    return DecoderConfig.read(config);
  }

  private static String small(String name) throws IOException {
    return Files.readString(TokenizerFixtures.folder(name).resolve("tokenizer.json"));
  }

  private static String encoder(String name) throws IOException {
    return Files.readString(
        Path.of("src", "test", "resources", "encoders", name, "tokenizer.json"));
  }

  private static String changed(String text, Random random) throws JsonProcessingException {
    int at = random.nextInt(text.length());
    return switch (random.nextInt(6)) {
      case 0 -> text.substring(0, at);
      case 1 -> text.substring(0, at) + (char) random.nextInt(128) + text.substring(at + 1);
      case 2 -> text.substring(0, at) + "[".repeat(random.nextInt(3_000)) + text.substring(at);
      default -> {
        JsonNode root = JSON.readTree(text);
        for (int change = random.nextInt(2); change >= 0; change--) {
          change(root, random);
        }
        yield root.toString();
      }
    };
  }

  /** Walks down some way and puts another value there, or takes it out. */
  private static void change(JsonNode node, Random random) throws JsonProcessingException {
    JsonNode value = JSON.readTree(VALUES[random.nextInt(VALUES.length)]);
    if (node instanceof ObjectNode object && !object.isEmpty()) {
      List<String> names = new ArrayList<>();
      object.fieldNames().forEachRemaining(names::add);
      String name = names.get(random.nextInt(names.size()));
      if (!object.get(name).isEmpty() && random.nextInt(4) > 0) {
        change(object.get(name), random);
      } else if (random.nextInt(4) == 0) {
        object.remove(name);
      } else {
        object.set(name, value);
      }
    } else if (node instanceof ArrayNode array && !array.isEmpty()) {
      int place = random.nextInt(array.size());
      if (!array.get(place).isEmpty() && random.nextInt(4) > 0) {
        change(array.get(place), random);
      } else {
        array.set(place, value);
      }
    }
  }
}
