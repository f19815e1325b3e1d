package dev.outcrop.serving.embed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.testing.CharText;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class CutTest {
  private static final CharText TEXT = new CharText(true, Map.of());

  @ParameterizedTest
  @CsvSource({
    "NONE,  '',  abcdef, 4,  <abcdef|",
    "END,   '',  abcdef, 4,  <ab|",
    "START, '',  abcdef, 4,  <ef|",
    "START, '',  abcdef, 8,  <abcdef|",
    "END,   '',  abcdef, 7,  <abcde|",
    "START, '',  abcdef, 2,  <|",
    "END,   '',  abcdef, 1,  <abcdef|",
    "END,   q:,  abcdef, 6,  <q:ab|",
    "START, q:,  abcdef, 6,  <q:ef|",
    "START, q:,  abcdef, 3,  <q|",
    "END,   '',  '',     2,  <|",
  })
  void keepsTheTemplateAndThePrompt(Cut cut, String prompt, String text, int most, String cutText) {
    assertThat(CharText.show(cut.encode(TEXT, prompt, text, most).ids())).isEqualTo(cutText);
  }

  /** As the tokenizers library truncates "longest first". */
  @ParameterizedTest
  @CsvSource({
    "ab,     cd,      7, <ab|cd|",
    "ab,     cdefgh,  8, <ab|cde|",
    "abcdef, gh,      8, <abc|gh|",
    "abcdef, ghijkl,  8, <ab|ghi|",
    "abcdefg,hijkl,   8, <abc|hi|",
    "abcdef, ghijkl,  9, <abc|ghi|",
    "abc,    defgh,   8, <ab|def|",
    "abcdef, '',      7, <abcd||",
    "abcdef, ghijkl,  3, <||",
    "abcdef, ghijkl,  2, <||",
  })
  void cutsTheLongerOfAPair(String first, String second, int most, String cutText) {
    EncoderText.Tokens pair = new Pairs(TEXT, first, most, Integer.MAX_VALUE).with(second);

    assertThat(CharText.show(pair.ids())).isEqualTo(cutText);
    assertThat(pair.types()).hasSameSizeAs(pair.ids());
    int firstTokens = cutText.indexOf('|') + 1;
    assertThat(Arrays.stream(pair.types()).filter(type -> type == 0).count())
        .isEqualTo(firstTokens);
  }

  @Test
  void cutsTheSecondToItsOwnLimit() {
    assertThat(CharText.show(new Pairs(TEXT, "abcd", 100, 2).with("efghij").ids()))
        .isEqualTo("<abcd|ef|");
    assertThat(CharText.show(new Pairs(TEXT, "abcd", 100, 2).with("ef").ids()))
        .isEqualTo("<abcd|ef|");
    assertThat(CharText.show(new Pairs(TEXT, "abcdefgh", 9, 2).with("ijklmn").ids()))
        .isEqualTo("<abcd|ij|");
  }
}
