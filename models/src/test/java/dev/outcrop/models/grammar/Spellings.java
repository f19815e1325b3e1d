package dev.outcrop.models.grammar;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/** A vocabulary of every byte, some longer tokens, and a stop token at its end. */
record Spellings(List<String> longer) implements Vocabulary.Tokens {
  static Vocabulary of(List<String> longer) {
    Spellings tokens = new Spellings(longer);
    return Vocabulary.of(tokens, new int[] {tokens.vocabularySize() - 1});
  }

  /** Every word of three letters. */
  static List<String> words() {
    List<String> words = new ArrayList<>();
    for (char a = 'a'; a <= 'z'; a++) {
      for (char b = 'a'; b <= 'z'; b++) {
        for (char c = 'a'; c <= 'z'; c++) {
          words.add("" + a + b + c);
        }
      }
    }
    return words;
  }

  @Override
  public int vocabularySize() {
    return 257 + longer.size();
  }

  @Override
  public byte[] bytes(int id, boolean first) {
    if (id < 256) {
      return new byte[] {(byte) id};
    }
    return isSpecial(id) ? null : longer.get(id - 256).getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public boolean startDiffers() {
    return false;
  }

  @Override
  public boolean isSpecial(int id) {
    return id == vocabularySize() - 1;
  }

  @Override
  public OptionalInt idOf(String token) {
    return OptionalInt.empty();
  }
}
