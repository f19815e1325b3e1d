package dev.outcrop.serving.embed;

import dev.outcrop.serving.embed.EncoderText.Tokens;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Cuts texts to a number of tokens. The special tokens of the model's template stay, since text
 * never becomes one: where two encodings begin to differ, the text begins. Pure.
 */
public enum Cut {
  /** Nothing is cut; what is too long is refused. */
  NONE,
  /** The start of the text goes, but for the prompt in front of it. */
  START,
  /** The end of the text goes. */
  END;

  /**
   * The tokens of a text that follows a prompt.
   *
   * @param most the most tokens
   */
  public Tokens encode(EncoderText encoder, String prompt, String text, int most) {
    Tokens all = encoder.encode(prompt + text);
    if (this == NONE || all.count() <= most) {
      return all;
    }
    int[] empty = encoder.encode("").ids();
    int before = same(empty, all.ids());
    int after = empty.length - before;
    if (this == START && !prompt.isEmpty()) {
      before = Math.min(same(encoder.encode(prompt).ids(), all.ids()), most - after);
    }
    if (before + after > most) {
      return all;
    }
    int body = most - before - after;
    int from = this == START ? all.count() - after - body : before;
    return joined(
        all, before, new Span(from, from + body), new Span(all.count() - after, all.count()));
  }

  /**
   * The tokens of a pair. A pair that is too long loses the end of the longer text, and where both
   * are longer than half of what there is, both are cut to that, as sentence-transformers does.
   *
   * @param most the most tokens
   * @param mostOfSecond the most tokens of the second text
   */
  public static Tokens encode(
      EncoderText encoder, String first, String second, int most, int mostOfSecond) {
    Tokens all = encoder.encode(first, second);
    if (all.count() <= Math.min(most, mostOfSecond)) {
      return all;
    }
    Tokens none = encoder.encode("", "");
    Tokens head = encoder.encode(first, "");
    int before = same(none.ids(), head.ids());
    int one = head.count() - none.count();
    int between = same(head.ids(), all.ids());
    int whole = all.count() - head.count();
    int two = Math.min(whole, mostOfSecond);
    int room = most - none.count();
    if (room < 0) {
      return all;
    }
    int share = one > two ? room - room / 2 : room / 2;
    int keepOne = one <= share ? one : Math.min(one, Math.max(room - two, share));
    int keepTwo = Math.min(two, room - keepOne);
    return joined(
        all,
        before + keepOne,
        new Span(before + one, between + keepTwo),
        new Span(between + whole, all.count()));
  }

  /** Tokens from one place up to another. */
  private record Span(int from, int to) {}

  private static Tokens joined(Tokens all, int start, Span middle, Span end) {
    int[] types = all.types();
    return new Tokens(
        joined(all.ids(), start, middle, end),
        types == null ? null : joined(types, start, middle, end));
  }

  private static int[] joined(int[] all, int start, Span middle, Span end) {
    return IntStream.concat(
            IntStream.concat(
                Arrays.stream(all, 0, start), Arrays.stream(all, middle.from, middle.to)),
            Arrays.stream(all, end.from, end.to))
        .toArray();
  }

  /** How many tokens two texts have in common at their start. */
  private static int same(int[] one, int[] other) {
    int differs = Arrays.mismatch(one, other);
    return differs < 0 ? one.length : differs;
  }
}
