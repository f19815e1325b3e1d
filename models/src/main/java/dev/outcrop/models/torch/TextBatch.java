package dev.outcrop.models.torch;

import dev.outcrop.models.arch.EncoderConfig;
import dev.outcrop.models.arch.EncoderConfig.Positions;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Texts as encoder.torchscript takes them: sorted by length, one behind the other.
 *
 * <p>oneDNN makes a kernel for every number of rows that a matrix has, which takes milliseconds,
 * and keeps about a thousand. So a filler text, whose vector nobody reads, rounds the number of
 * tokens up: to one of sixteen numbers between two powers of two, which costs 3 % on average.
 */
final class TextBatch {
  private static final int EXACT = 32;
  private static final int STEPS = 16;
  private static final int FILLER = 64;

  private final int[] order;
  private final long[] table;
  private final long[] layout;
  private final int tokens;

  /** Lays texts out. Ids and types outside the model's tables are refused. */
  TextBatch(EncoderConfig config, int[][] ids, int @Nullable [][] types) {
    order =
        IntStream.range(0, ids.length)
            .boxed()
            .sorted((a, b) -> Integer.compare(ids[a].length, ids[b].length))
            .mapToInt(Integer::intValue)
            .toArray();
    int own = Arrays.stream(ids).mapToInt(text -> text.length).sum();
    tokens = rounded(own);
    table = new long[3 * tokens];
    LongStream.Builder groups = LongStream.builder();
    int offset = config.positions() instanceof Positions.Learned learned ? learned.offset() : 0;
    int most = config.positions() instanceof Positions.Learned learned ? learned.types() : 1;
    int at = 0;
    int texts = 0;
    for (int place = 0; place < order.length; place++) {
      int[] text = ids[order[place]];
      require(text.length > 0 && text.length <= config.maxTokens(), "length");
      for (int i = 0; i < text.length; i++) {
        // Tokenizers tell the second text apart for models too that do not.
        int type = types == null || most == 1 ? 0 : types[order[place]][i];
        require(text[i] >= 0 && text[i] < config.vocabularySize(), "token id");
        require(type >= 0 && type < most, "token type");
        table[at] = text[i];
        table[tokens + at] = (long) offset + i;
        table[2 * tokens + at] = type;
        at++;
      }
      texts++;
      boolean last = place + 1 == order.length || ids[order[place + 1]].length != text.length;
      if (last) {
        groups.add(texts).add(text.length);
        texts = 0;
      }
    }
    addFiller(tokens - own, config, groups);
    long[] all = groups.build().toArray();
    layout = LongStream.concat(LongStream.of(all.length / 2), Arrays.stream(all)).toArray();
  }

  /** The next number of tokens that kernels are made for. */
  static int rounded(int tokens) {
    if (tokens <= EXACT) {
      return tokens;
    }
    int step = Integer.highestOneBit(tokens - 1) / STEPS;
    return Math.ceilDiv(tokens, step) * step;
  }

  /** Texts of token 0 behind all others, none longer than a text may be. */
  private void addFiller(int count, EncoderConfig config, LongStream.Builder groups) {
    int offset = config.positions() instanceof Positions.Learned learned ? learned.offset() : 0;
    int longest = Math.min(FILLER, config.maxTokens());
    int left = count;
    while (left > 0) {
      int length = Math.min(left, longest);
      groups.add(1).add(length);
      for (int i = 0; i < length; i++) {
        table[2 * tokens - left + i] = (long) offset + i;
      }
      left -= length;
    }
  }

  private static void require(boolean sound, String what) {
    if (!sound) {
      throw new IllegalArgumentException(what + " of a text is outside the model's tables");
    }
  }

  /** Ids, positions and types, [3, tokens]. */
  long[] table() {
    return table;
  }

  /** Tokens of all texts. */
  int tokens() {
    return tokens;
  }

  /** Groups of texts of one length, then texts and length of every group. */
  long[] layout() {
    return layout;
  }

  /** Which text stands at a place of the layout. */
  int text(int place) {
    return order[place];
  }
}
