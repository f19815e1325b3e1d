package dev.outcrop.models.torch;

import dev.outcrop.models.engine.StepPlan;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A step plan in the form the decoder program reads (described at the top of decoder.torchscript).
 * Rows with one token and one piece of KV come first; a chunk that crosses a segment border is cut
 * there, so that the keys of a span's own tokens lie in one piece.
 *
 * <p>Reused from step to step by the engine thread.
 */
final class StepLayout {
  private static final int FULL = 0;
  private static final int CAUSAL = 1;
  private static final int MASKED = 2;

  private final int window;
  private final int vocabulary;
  private long[] ids = new long[64];
  private long[] positions = new long[64];
  private long[] slots = new long[64];
  private int tokens;
  private final Longs pieces = new Longs();
  private final Longs spans = new Longs();
  private int decodes;
  private int[] lastToken = new int[8];

  /**
   * Creates an empty layout.
   *
   * @param window how many tokens back a token sees, itself included; null for all
   * @param vocabulary one more than the highest token id
   */
  StepLayout(@Nullable Integer window, int vocabulary) {
    this.vocabulary = vocabulary;
    this.window = window == null ? Integer.MAX_VALUE : window;
  }

  /** Takes in a plan. */
  void fill(StepPlan plan) {
    tokens = 0;
    decodes = 0;
    pieces.clear();
    spans.clear();
    int need = plan.tokens();
    if (ids.length < need) {
      ids = new long[need * 2];
      positions = new long[need * 2];
      slots = new long[need * 2];
    }
    if (lastToken.length < plan.rows()) {
      lastToken = new int[plan.rows() * 2];
    }
    for (int row = 0; row < plan.rows(); row++) {
      if (simple(plan, row)) {
        decode(plan, row);
      }
    }
    for (int row = 0; row < plan.rows(); row++) {
      if (!simple(plan, row)) {
        chunk(plan, row);
      }
    }
  }

  /** How many tokens run. */
  int tokens() {
    return tokens;
  }

  /** Ids, positions and slots, [3, tokens]. */
  long[] tokenTable() {
    long[] table = Arrays.copyOf(ids, 3 * tokens);
    System.arraycopy(positions, 0, table, tokens, tokens);
    System.arraycopy(slots, 0, table, 2 * tokens, tokens);
    return table;
  }

  /** The layout argument of the program. */
  long[] layout() {
    long[] layout = new long[3 + pieces.size + spans.size];
    layout[0] = decodes;
    layout[1] = pieces.size / 2;
    layout[2] = spans.size / 6;
    System.arraycopy(pieces.values, 0, layout, 3, pieces.size);
    System.arraycopy(spans.values, 0, layout, 3 + pieces.size, spans.size);
    return layout;
  }

  /** Where the row's last token stands among the step's tokens in the program's order. */
  int lastToken(int row) {
    return lastToken[row];
  }

  private boolean simple(StepPlan plan, int row) {
    if (plan.tokens(row) != 1) {
      return false;
    }
    int from = visibleFrom(plan.position(row));
    return firstSegment(plan, row, from) == plan.segments(row) - 1;
  }

  private int visibleFrom(int position) {
    return Math.max(0, position - window + 1);
  }

  private static int firstSegment(StepPlan plan, int row, int position) {
    int end = 0;
    for (int s = 0; s < plan.segments(row); s++) {
      end += plan.segmentLength(row, s);
      if (position < end) {
        return s;
      }
    }
    throw new IllegalArgumentException("a row's segments end before its tokens");
  }

  private void decode(StepPlan plan, int row) {
    int position = plan.position(row);
    int from = visibleFrom(position);
    int last = plan.segments(row) - 1;
    int start = position + 1 - plan.segmentLength(row, last);
    int slot = plan.segmentSlot(row, last);
    token(plan, row, 0, slot + position - start);
    pieces.add(slot + from - start, position + 1 - from);
    lastToken[row] = tokens - 1;
    decodes++;
  }

  private void chunk(StepPlan plan, int row) {
    int first = plan.position(row);
    int end = first + plan.tokens(row);
    int start = 0;
    for (int s = 0; s < plan.segments(row); s++) {
      int stop = start + plan.segmentLength(row, s);
      if (stop > first && start < end) {
        span(plan, row, s, start, Math.max(start, first), Math.min(stop, end));
      }
      start = stop;
    }
    if (start != end) {
      throw new IllegalArgumentException("a row's segments do not cover exactly its tokens");
    }
    lastToken[row] = tokens - 1;
  }

  /** Tokens from..to of a row, all in segment s, which begins at position {@code start}. */
  private void span(StepPlan plan, int row, int s, int start, int from, int to) {
    int offset = tokens;
    int base = plan.segmentSlot(row, s) - start;
    for (int position = from; position < to; position++) {
      token(plan, row, position - plan.position(row), base + position);
    }
    int visible = visibleFrom(from);
    int kind = to - from == 1 ? FULL : visibleFrom(to - 1) > visible ? MASKED : CAUSAL;
    int firstPiece = pieces.size / 2;
    int begin = 0;
    for (int past = 0; past <= s; past++) {
      int segmentEnd = begin + plan.segmentLength(row, past);
      int low = Math.max(begin, visible);
      int high = past < s ? segmentEnd : kind == CAUSAL ? from : to;
      if (low < high) {
        pieces.add(plan.segmentSlot(row, past) + low - begin, high - low);
      }
      begin = segmentEnd;
    }
    if (kind == CAUSAL) {
      pieces.add(base + from, to - from);
    }
    spans.add(offset, to - from);
    spans.add(firstPiece, pieces.size / 2 - firstPiece);
    spans.add(kind, visible);
  }

  private void token(StepPlan plan, int row, int index, int slot) {
    int id = plan.tokenId(plan.tokenOffset(row) + index);
    if (id < 0 || id >= vocabulary) { // on a GPU the kernel would take the process with it
      throw new IllegalArgumentException("a token id is outside the vocabulary");
    }
    ids[tokens] = id;
    int position = plan.position(row) + index;
    positions[tokens] = position;
    slots[tokens] = slot;
    tokens++;
  }

  /** A growing list. */
  private static final class Longs {
    private long[] values = new long[64];
    private int size;

    void clear() {
      size = 0;
    }

    void add(int a, int b) {
      if (size + 2 > values.length) {
        values = Arrays.copyOf(values, values.length * 2);
      }
      values[size] = a;
      values[size + 1] = b;
      size += 2;
    }
  }
}
