package dev.outcrop.models.torch;

import dev.outcrop.models.engine.StepPlan;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A step plan in the form the decoder program reads (described at the top of decoder.torchscript).
 * Rows with one token come first, those in the most pieces of KV before the others; a chunk that
 * crosses a segment border is cut there, so that the keys of a span's own tokens lie in one piece.
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
  private int[] decodes = new int[8]; // rows of the plan
  private int decodeCount;
  private int[] inPieces = new int[8]; // by row; 0 where it is not a decode
  private int[] withPiece = new int[8]; // how many decodes have a first piece, a second, ...
  private int mostPieces;
  private int[] groups = new int[8]; // rows of each
  private int groupCount;
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
      decodes = new int[plan.rows() * 2];
      groups = new int[plan.rows() * 2];
      inPieces = new int[plan.rows() * 2];
    }
    sortDecodes(plan);
    for (int i = 0; i < decodeCount; i++) {
      int row = decodes[i];
      int last = plan.segments(row) - 1;
      int start = plan.position(row) + 1 - plan.segmentLength(row, last);
      token(plan, row, 0, plan.segmentSlot(row, last) + plan.position(row) - start);
      lastToken[row] = tokens - 1;
    }
    group(plan);
    for (int piece = 1; piece < mostPieces; piece++) {
      for (int i = 0; i < withPiece[piece]; i++) {
        decodePiece(plan, decodes[i], piece);
      }
    }
    for (int row = 0; row < plan.rows(); row++) {
      if (inPieces[row] == 0) {
        chunk(plan, row);
      }
    }
  }

  /** Those with the most pieces first: then the ones with a second piece are the first few. */
  private void sortDecodes(StepPlan plan) {
    mostPieces = 0;
    for (int row = 0; row < plan.rows(); row++) {
      inPieces[row] = 0;
      if (plan.tokens(row) == 1) {
        int first = firstSegment(plan, row, visibleFrom(plan.position(row)));
        inPieces[row] = plan.segments(row) - first;
        mostPieces = Math.max(mostPieces, inPieces[row]);
      }
    }
    if (withPiece.length < mostPieces) {
      withPiece = new int[mostPieces * 2];
    }
    decodeCount = 0;
    for (int count = mostPieces; count > 0; count--) {
      int from = decodeCount;
      for (int row = 0; row < plan.rows(); row++) {
        if (inPieces[row] == count) {
          place(plan, row, from);
        }
      }
      withPiece[count - 1] = decodeCount;
    }
  }

  /** Adds a decode; those in several pieces in the order of their first one (insertion sort). */
  private void place(StepPlan plan, int row, int from) {
    int at = decodeCount++;
    while (at > from
        && inPieces[row] > 1
        && firstPiece(plan, row) < firstPiece(plan, decodes[at - 1])) {
      decodes[at] = decodes[at - 1];
      at--;
    }
    decodes[at] = row;
  }

  /** The first visible piece of a decode: equal numbers are equal pieces. */
  private long firstPiece(StepPlan plan, int row) {
    int segment = plan.segments(row) - inPieces[row];
    int begin = beginOf(plan, row, segment);
    int hidden = Math.max(0, visibleFrom(plan.position(row)) - begin);
    return (long) (plan.segmentSlot(row, segment) + hidden) << 32
        | (plan.segmentLength(row, segment) - hidden);
  }

  /** Neighbours with the same first piece are one group, which reads it once. */
  private void group(StepPlan plan) {
    groupCount = 0;
    for (int i = 0; i < decodeCount; i++) {
      int row = decodes[i];
      if (i > 0 && inPieces[row] > 1 && firstPiece(plan, row) == firstPiece(plan, decodes[i - 1])) {
        groups[groupCount - 1]++;
      } else {
        groups[groupCount++] = 1;
        decodePiece(plan, row, 0);
      }
    }
  }

  private static int beginOf(StepPlan plan, int row, int segment) {
    int begin = 0;
    for (int s = 0; s < segment; s++) {
      begin += plan.segmentLength(row, s);
    }
    return begin;
  }

  /** The part of a decode's KV that one of its segments holds, counted from the first visible. */
  private void decodePiece(StepPlan plan, int row, int piece) {
    int segment = plan.segments(row) - inPieces[row] + piece;
    int begin = 0;
    for (int s = 0; s < segment; s++) {
      begin += plan.segmentLength(row, s);
    }
    int hidden = Math.max(0, visibleFrom(plan.position(row)) - begin);
    pieces.add(plan.segmentSlot(row, segment) + hidden, plan.segmentLength(row, segment) - hidden);
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
    int more = Math.max(0, mostPieces - 1);
    int head = 5 + more + (more > 0 ? groupCount : 0);
    long[] layout = new long[head + pieces.size + spans.size];
    layout[0] = decodeCount;
    layout[1] = pieces.size / 2;
    layout[2] = spans.size / 6;
    layout[3] = more;
    layout[4] = groupCount;
    for (int i = 0; i < more; i++) {
      layout[5 + i] = withPiece[1 + i];
    }
    for (int i = 5 + more; i < head; i++) {
      layout[i] = groups[i - 5 - more];
    }
    System.arraycopy(pieces.values, 0, layout, head, pieces.size);
    System.arraycopy(spans.values, 0, layout, head + pieces.size, spans.size);
    return layout;
  }

  /** Where the row's last token stands among the step's tokens in the program's order. */
  int lastToken(int row) {
    return lastToken[row];
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
    int id = plan.tokenId(row, index);
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
