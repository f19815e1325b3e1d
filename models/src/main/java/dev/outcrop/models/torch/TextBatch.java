package dev.outcrop.models.torch;

import dev.outcrop.models.arch.EncoderConfig;
import dev.outcrop.models.arch.EncoderConfig.Positions;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/** Texts as encoder.torchscript takes them: sorted by length, one behind the other. */
final class TextBatch {
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
    tokens = Arrays.stream(ids).mapToInt(text -> text.length).sum();
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
        int type = types == null ? 0 : types[order[place]][i];
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
    long[] all = groups.build().toArray();
    layout = LongStream.concat(LongStream.of(all.length / 2), Arrays.stream(all)).toArray();
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
