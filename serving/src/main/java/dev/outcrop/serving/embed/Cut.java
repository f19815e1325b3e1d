package dev.outcrop.serving.embed;

import dev.outcrop.serving.embed.EncoderText.Tokens;
import java.util.Arrays;

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
    return joined(all, before, from, body, after);
  }

  /** Some tokens at the start, some from a place on, and some at the end. */
  private static Tokens joined(Tokens all, int start, int from, int count, int end) {
    int[] types = all.types();
    return new Tokens(
        joined(all.ids(), start, from, count, end),
        types == null ? null : joined(types, start, from, count, end));
  }

  private static int[] joined(int[] all, int start, int from, int count, int end) {
    int[] some = new int[start + count + end];
    System.arraycopy(all, 0, some, 0, start);
    System.arraycopy(all, from, some, start, count);
    System.arraycopy(all, all.length - end, some, start + count, end);
    return some;
  }

  /** How many tokens two texts have in common at their start. */
  static int same(int[] one, int[] other) {
    int differs = Arrays.mismatch(one, other);
    return differs < 0 ? one.length : differs;
  }
}
