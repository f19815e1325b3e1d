package dev.outcrop.models.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class AddedTokenScannerTest {
  /** Counts how often it is looked at, which is what a scan costs. */
  private static final class Counted implements CharSequence {
    private final String text;
    private long looks;

    Counted(String text) {
      this.text = text;
    }

    @Override
    public char charAt(int index) {
      looks++;
      return text.charAt(index);
    }

    @Override
    public int length() {
      return text.length();
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      looks += end - start;
      return text.substring(start, end);
    }

    @Override
    public String toString() {
      looks += text.length();
      return text;
    }
  }

  private static AddedToken token(int id, String content) {
    return new AddedToken(id, content, !content.isBlank(), false, false, false, false);
  }

  /** As Llama 3 has them: all begin alike. */
  private static AddedTokenScanner reserved() {
    return new AddedTokenScanner(
        IntStream.range(0, 256).mapToObj(i -> token(i, "<|reserved_" + i + "|>")).toList());
  }

  private static BitSet all(int length) {
    BitSet trusted = new BitSet();
    trusted.set(0, length);
    return trusted;
  }

  @ParameterizedTest
  @ValueSource(strings = {"<", "<|reserved_1", "<|reserved_255|>"})
  void doesNotLookForGuardedTokensInUntrustedText(String hostile) {
    Counted text = new Counted(hostile.repeat(10_000));
    assertThat(reserved().scan(text, 0, text.length(), new BitSet())).isEmpty();
    assertThat(text.looks).isLessThanOrEqualTo(text.length());
  }

  @Test
  void looksAtAPositionNoOftenerThanTheLongestTokenIsLong() {
    Counted text = new Counted("<".repeat(10_000));
    assertThat(reserved().scan(text, 0, text.length(), all(text.length()))).isEmpty();
    assertThat(text.looks).isLessThanOrEqualTo(3L * text.length());

    Counted near = new Counted("<|reserved_25".repeat(1_000));
    assertThat(reserved().scan(near, 0, near.length(), all(near.length()))).isEmpty();
    assertThat(near.looks).isLessThanOrEqualTo(4L * near.length());
  }

  @Test
  void findsWhatABruteSearchFinds() {
    List<AddedToken> tokens = new ArrayList<>();
    for (String content : List.of("<a>", "<a>>", "<", "  ", "   ", " \n", "<a> ", "b<", "bb")) {
      tokens.add(token(tokens.size(), content));
    }
    AddedTokenScanner scanner = new AddedTokenScanner(tokens);
    Random random = new Random(5);
    int found = 0;
    for (int i = 0; i < 2_000; i++) {
      StringBuilder text = new StringBuilder();
      BitSet trusted = new BitSet();
      while (text.length() < 20) {
        text.append("<a> b\n".charAt(random.nextInt(6)));
        trusted.set(text.length() - 1, random.nextInt(5) > 0);
      }
      List<AddedToken> expected = brute(tokens, text.toString(), trusted);
      found += expected.size();
      assertThat(scanner.scan(text, 0, text.length(), trusted))
          .as(text.toString())
          .extracting(AddedTokenScanner.Match::token)
          .isEqualTo(expected);
    }
    assertThat(found).isGreaterThan(5_000);
  }

  private static List<AddedToken> brute(List<AddedToken> tokens, String text, BitSet trusted) {
    List<AddedToken> found = new ArrayList<>();
    int at = 0;
    while (at < text.length()) {
      int from = at;
      AddedToken longest =
          tokens.stream()
              .filter(token -> text.startsWith(token.content(), from))
              .filter(
                  token ->
                      !token.guarded()
                          || trusted.nextClearBit(from) >= from + token.content().length())
              .max(Comparator.comparingInt(token -> token.content().length()))
              .orElse(null);
      if (longest == null) {
        at++;
      } else {
        found.add(longest);
        at += longest.content().length();
      }
    }
    return found;
  }
}
