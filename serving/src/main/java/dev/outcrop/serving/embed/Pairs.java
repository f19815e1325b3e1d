package dev.outcrop.serving.embed;

import dev.outcrop.serving.embed.EncoderText.Tokens;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Pairs of one text, such as a query, with others. Each text is encoded once, and its tokens are
 * put into the template of the model: text never becomes a special token, so where an encoding
 * begins to differ from that of two empty texts, the text begins. Used by one thread.
 *
 * <p>A pair that is too long loses the end of the longer text, and where both are longer than half
 * of what there is, both are cut to that, as sentence-transformers does.
 */
public final class Pairs {
  private final EncoderText encoder;
  private final Tokens none;
  private final Tokens first;
  private final int firstAt;
  private final int most;
  private final int mostOfSecond;

  /**
   * Encodes the one text.
   *
   * @param most the most tokens of a pair
   * @param mostOfSecond the most tokens of another text
   */
  public Pairs(EncoderText encoder, String text, int most, int mostOfSecond) {
    this.encoder = encoder;
    this.none = encoder.encode("", "");
    this.first = encoder.encode(text, "");
    this.firstAt = Cut.same(none.ids(), first.ids());
    this.most = most;
    this.mostOfSecond = mostOfSecond;
  }

  /** The tokens of the pair with another text. */
  public Tokens with(String text) {
    Tokens second = encoder.encode("", text);
    int secondAt = Cut.same(none.ids(), second.ids());
    int one = first.count() - none.count();
    int two = Math.min(second.count() - none.count(), mostOfSecond);
    int room = Math.max(0, most - none.count());
    if (one + two > room) {
      int share = one > two ? room - room / 2 : room / 2;
      one = one <= share ? one : Math.min(one, Math.max(room - two, share));
      two = Math.min(two, room - one);
    }
    return new Tokens(
        joined(none.ids(), first.ids(), one, second.ids(), secondAt, two),
        types(second, secondAt, one, two));
  }

  private int @Nullable [] types(Tokens second, int secondAt, int one, int two) {
    int[] template = none.types();
    int[] ofFirst = first.types();
    int[] ofSecond = second.types();
    return template == null || ofFirst == null || ofSecond == null
        ? null
        : joined(template, ofFirst, one, ofSecond, secondAt, two);
  }

  private int[] joined(
      int[] template, int[] ofFirst, int one, int[] ofSecond, int secondAt, int two) {
    int[] pair = Arrays.copyOf(template, template.length + one + two);
    int at = firstAt;
    System.arraycopy(ofFirst, firstAt, pair, at, one);
    at += one;
    System.arraycopy(template, firstAt, pair, at, secondAt - firstAt);
    at += secondAt - firstAt;
    System.arraycopy(ofSecond, secondAt, pair, at, two);
    System.arraycopy(template, secondAt, pair, at + two, template.length - secondAt);
    return pair;
  }
}
