package dev.outcrop.bench.grammar;

import dev.outcrop.models.grammar.Vocabulary;
import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A vocabulary of any size whose tokens are like those of real ones: every byte, words with and
 * without a space in front, short numbers, and bits of JSON and code.
 */
final class MadeUpTokens implements Vocabulary.Tokens {
  /** The token that ends a completion. */
  static final int STOP = 256;

  private static final String[] BITS = {
    "\":", "\": ", "\": \"", "\",", "\", \"", "\"}", "\"]", "{\"", "[\"", " \"", "},", "}, {", "],",
        "{}", "[]",
    "\n", "\n  ", "\n    ", "  ", "    ", ", ", ": ", "//", "();", "\\n", "\\\"", "é", "ü", "你", "的"
  };

  private final byte[][] bytes;

  MadeUpTokens(int size) {
    bytes = new byte[size][];
    Random random = new Random(1);
    for (int id = 0; id < size; id++) {
      bytes[id] =
          id < STOP ? new byte[] {(byte) id} : text(random).getBytes(StandardCharsets.UTF_8);
    }
  }

  private static String text(Random random) {
    int kind = random.nextInt(20);
    if (kind == 0) {
      return String.valueOf(random.nextInt(1_000));
    }
    String word = kind < 11 ? " " : "";
    for (int i = 1 + random.nextInt(8); i > 0; i--) {
      word += (char) ('a' + random.nextInt(26));
    }
    String bit = BITS[random.nextInt(BITS.length)];
    return switch (kind) {
      case 1 -> bit + BITS[random.nextInt(BITS.length)];
      case 2 -> word + bit;
      case 3 -> bit + word;
      default -> word;
    };
  }

  @Override
  public int vocabularySize() {
    return bytes.length;
  }

  @Override
  public byte @Nullable [] bytes(int id, boolean first) {
    return id == STOP ? null : bytes[id];
  }

  @Override
  public boolean startDiffers() {
    return false;
  }

  @Override
  public boolean isSpecial(int id) {
    return id == STOP;
  }

  @Override
  public OptionalInt idOf(String token) {
    return OptionalInt.empty();
  }
}
