package dev.outcrop.serving.testing;

import dev.outcrop.serving.embed.EncoderText;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * A tokenizer for which every character is a token of its own.
 *
 * @param template whether BEGIN and END come around texts
 * @param prompts what comes in front of texts
 */
public record CharText(boolean template, Map<Purpose, String> prompts) implements EncoderText {
  public static final int BEGIN = 1;
  public static final int END = 2;

  @Override
  public Tokens encode(String text) {
    return new Tokens(template ? joined(BEGIN, text, END) : text.chars().toArray(), null);
  }

  @Override
  public Tokens encode(String first, String second) {
    int[] one = joined(BEGIN, first, END);
    int[] ids = IntStream.concat(IntStream.of(one), IntStream.of(joined(second, END))).toArray();
    int[] types = IntStream.range(0, ids.length).map(i -> i < one.length ? 0 : 1).toArray();
    return new Tokens(ids, types);
  }

  @Override
  public String prompt(Purpose purpose) {
    return prompts.getOrDefault(purpose, "");
  }

  private static int[] joined(int begin, String text, int end) {
    return IntStream.concat(IntStream.of(begin), IntStream.of(joined(text, end))).toArray();
  }

  private static int[] joined(String text, int end) {
    return IntStream.concat(text.chars(), IntStream.of(end)).toArray();
  }

  /** What tokens stand for: {@code <} and {@code |} for BEGIN and END. */
  public static String show(int[] ids) {
    StringBuilder text = new StringBuilder();
    for (int id : ids) {
      text.append(id == BEGIN ? '<' : id == END ? '|' : (char) id);
    }
    return text.toString();
  }
}
