package dev.outcrop.models.torch;

import dev.outcrop.models.engine.StepPlan;
import org.jspecify.annotations.Nullable;

/**
 * Which pieces of KV the rows of a step read in layers that have the same window: one layout of the
 * decoder program. Reused from step to step by the engine thread.
 */
final class VisibleKv {
  private static final int HEAD = 6;
  private static final int FULL = 0;
  private static final int CAUSAL = 1;
  private static final int MASKED = 2;

  private final AttentionWindow window;
  private final GrowingLongs pieces = new GrowingLongs();
  private final GrowingLongs spans = new GrowingLongs();
  private int[] decodes = new int[8]; // rows of the plan
  private int decodeCount;
  private int[] inPieces = new int[8]; // by row; 0 where it is not a decode
  private int[] withPiece = new int[8]; // how many decodes have a first piece, a second, ...
  private int mostPieces;
  private int[] groups = new int[8]; // rows of each
  private int groupCount;
  private int[] order = new int[8]; // of the decodes, among those of the program's order
  private int[] rank = new int[8]; // by row: where it stands in the program's order

  /**
   * Creates an empty one.
   *
   * @param window how many tokens back a token sees, itself included; null for all
   */
  VisibleKv(@Nullable Integer window) {
    this.window = AttentionWindow.of(window);
  }

  /** Takes in which rows of a plan are decodes, those with the most pieces first. */
  void start(StepPlan plan) {
    pieces.clear();
    spans.clear();
    if (inPieces.length < plan.rows()) {
      decodes = new int[plan.rows() * 2];
      groups = new int[plan.rows() * 2];
      inPieces = new int[plan.rows() * 2];
      order = new int[plan.rows() * 2];
      rank = new int[plan.rows() * 2];
    }
    mostPieces = 0;
    for (int row = 0; row < plan.rows(); row++) {
      inPieces[row] = 0;
      if (plan.tokens(row) == 1) {
        inPieces[row] = plan.segments(row) - window.firstSegment(plan, row);
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

  /** How many rows are decodes. */
  int decodes() {
    return decodeCount;
  }

  /** The row of a decode, in the order of this window. */
  int decode(int index) {
    return decodes[index];
  }

  boolean isDecode(int row) {
    return inPieces[row] != 0;
  }

  /**
   * Adds the pieces of the decodes.
   *
   * @param first the view whose order of the decodes the program's tokens have
   */
  void addDecodes(StepPlan plan, VisibleKv first) {
    if (mostPieces <= 1) { // then the program takes the rows as they come
      System.arraycopy(first.decodes, 0, decodes, 0, decodeCount);
    }
    for (int i = 0; i < decodeCount; i++) {
      rank[first.decodes[i]] = i;
    }
    for (int i = 0; i < decodeCount; i++) {
      order[i] = rank[decodes[i]];
    }
    group(plan);
    for (int piece = 1; piece < mostPieces; piece++) {
      for (int i = 0; i < withPiece[piece]; i++) {
        addPiece(plan, decodes[i], piece);
      }
    }
  }

  /** The first visible piece of a decode: equal numbers are equal pieces. */
  private long firstPiece(StepPlan plan, int row) {
    int segment = plan.segments(row) - inPieces[row];
    int hidden = window.hidden(plan, row, segment);
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
        addPiece(plan, row, 0);
      }
    }
  }

  /** The part of a decode's KV that one of its segments holds, counted from the first visible. */
  private void addPiece(StepPlan plan, int row, int piece) {
    int segment = plan.segments(row) - inPieces[row] + piece;
    int hidden = window.hidden(plan, row, segment);
    addPiece(plan.segmentSlot(row, segment) + hidden, plan.segmentLength(row, segment) - hidden);
  }

  /** Adds tokens from..to of a row, all in segment s, which stand at {@code offset} in the step. */
  void addSpan(StepPlan plan, int row, int s, int offset, int from, int to) {
    int visible = window.visibleFrom(from);
    int kind = to - from == 1 ? FULL : window.visibleFrom(to - 1) > visible ? MASKED : CAUSAL;
    int firstPiece = pieces.size() / 2;
    int begin = 0;
    for (int past = 0; past <= s; past++) {
      int segmentEnd = begin + plan.segmentLength(row, past);
      int low = Math.max(begin, visible);
      int high = past < s ? segmentEnd : kind == CAUSAL ? from : to;
      if (low < high) {
        addPiece(plan.segmentSlot(row, past) + low - begin, high - low);
      }
      if (past == s && kind == CAUSAL) {
        addPiece(plan.segmentSlot(row, s) + from - begin, to - from);
      }
      begin = segmentEnd;
    }
    spans.add(offset);
    spans.add(to - from);
    spans.add(firstPiece);
    spans.add(pieces.size() / 2 - firstPiece);
    spans.add(kind);
    spans.add(visible);
  }

  private void addPiece(int slot, int tokens) {
    pieces.add(slot);
    pieces.add(tokens);
  }

  /** Numbers that {@link #write} writes. */
  int size(boolean ordered) {
    return head(ordered) + pieces.size() + spans.size();
  }

  private int head(boolean ordered) {
    int more = Math.max(0, mostPieces - 1);
    return more == 0 ? HEAD : HEAD + more + groupCount + (ordered ? decodeCount : 0);
  }

  /**
   * Writes the layout.
   *
   * @param ordered with the order of the decodes, which is not always that of the tokens
   */
  void write(long[] into, int at, boolean ordered) {
    int more = Math.max(0, mostPieces - 1);
    into[at] = decodeCount;
    into[at + 1] = pieces.size() / 2;
    into[at + 2] = spans.size() / 6;
    into[at + 3] = more;
    into[at + 4] = groupCount;
    into[at + 5] = head(ordered);
    int next = at + HEAD;
    if (more > 0) {
      for (int i = 0; i < more; i++) {
        into[next++] = withPiece[1 + i];
      }
      for (int i = 0; i < groupCount; i++) {
        into[next++] = groups[i];
      }
      for (int i = 0; ordered && i < decodeCount; i++) {
        into[next++] = order[i];
      }
    }
    next = pieces.write(into, next);
    spans.write(into, next);
  }
}
