package dev.outcrop.models.torch;

import dev.outcrop.models.engine.StepPlan;
import org.jspecify.annotations.Nullable;

/**
 * What the attention kernel of a GPU is told of a step, for layers with the same window: the layout
 * described at the top of cuda_attention.torchscript. Reused from step to step by the engine
 * thread.
 */
final class VarlenKv {
  private static final int HEAD = 9;

  private final AttentionWindow window;
  private final GrowingLongs decodeQueries = new GrowingLongs();
  private final GrowingLongs decodeSlots = new GrowingLongs();
  private final GrowingLongs decodeLengths = new GrowingLongs();
  private final GrowingLongs spanQueries = new GrowingLongs();
  private final GrowingLongs spanSlots = new GrowingLongs();
  private final GrowingLongs spanLengths = new GrowingLongs();
  private final GrowingLongs gathered = new GrowingLongs();
  private int decodes;
  private int pieces;
  private int mostDecodeQueries;
  private int mostDecodeKeys;
  private int mostSpanQueries;
  private int mostSpanKeys;
  private int[] starts = new int[16]; // of every piece of every decode
  private int[] lengths = new int[16];

  /**
   * Creates an empty one.
   *
   * @param window how many tokens back a token sees, itself included; null for all
   */
  VarlenKv(@Nullable Integer window) {
    this.window = AttentionWindow.of(window);
  }

  /** Pieces of KV that a row's first token to run sees the first of, up to its last. */
  int pieces(StepPlan plan, int row) {
    return plan.segments(row) - window.firstSegment(plan, row);
  }

  /**
   * Takes in a step.
   *
   * @param rows rows of the plan in the program's order
   * @param decodes how many of them, the first ones, are decodes; every one of these has at least
   *     as many tokens as any of them has pieces
   */
  void fill(StepPlan plan, int[] rows, int decodes) {
    this.decodes = decodes;
    decodeQueries.clear();
    decodeSlots.clear();
    decodeLengths.clear();
    spanQueries.clear();
    spanSlots.clear();
    spanLengths.clear();
    gathered.clear();
    addDecodes(plan, rows);
    addSpans(plan, rows);
  }

  private void addDecodes(StepPlan plan, int[] rows) {
    pieces = 1;
    for (int i = 0; i < decodes; i++) {
      pieces = Math.max(pieces, pieces(plan, rows[i]));
    }
    if (starts.length < decodes * pieces) {
      starts = new int[decodes * pieces * 2];
      lengths = new int[decodes * pieces * 2];
    }
    for (int i = 0; i < decodes; i++) {
      cut(plan, rows[i], i * pieces);
    }
    // Two, not one: told that all have one query, the kernel copies queries and results to and fro.
    mostDecodeQueries = 2;
    mostDecodeKeys = 1;
    int begin = 0; // of the last sequence's queries
    decodeQueries.add(0);
    for (int piece = 0; piece < pieces; piece++) {
      for (int i = 0; i < decodes; i++) {
        int at = i * pieces + piece;
        int before = at - pieces;
        int end = piece * decodes + i + 1;
        if (i > 0 && starts[at] == starts[before] && lengths[at] == lengths[before]) {
          decodeQueries.setLast(end);
        } else {
          begin = end - 1;
          decodeQueries.add(end);
          decodeSlots.add(starts[at]);
          decodeLengths.add(lengths[at]);
        }
        mostDecodeQueries = Math.max(mostDecodeQueries, end - begin);
        mostDecodeKeys = Math.max(mostDecodeKeys, lengths[at]);
      }
    }
    decodeSlots.add(0);
  }

  /** The pieces of a decode, the longest cut in two until there are as many as all have. */
  private void cut(StepPlan plan, int row, int at) {
    int first = window.firstSegment(plan, row);
    int hidden = window.hidden(plan, row, first);
    int count = 0;
    for (int s = first; s < plan.segments(row); s++) {
      starts[at + count] = plan.segmentSlot(row, s) + hidden;
      lengths[at + count++] = plan.segmentLength(row, s) - hidden;
      hidden = 0;
    }
    while (count < pieces) {
      int longest = at;
      for (int i = at + 1; i < at + count; i++) {
        longest = lengths[i] > lengths[longest] ? i : longest;
      }
      int half = lengths[longest] / 2;
      starts[at + count] = starts[longest] + half;
      lengths[at + count++] = lengths[longest] - half;
      lengths[longest] = half;
    }
  }

  private void addSpans(StepPlan plan, int[] rows) {
    int end = 0;
    boolean gather = false;
    mostSpanQueries = 2;
    mostSpanKeys = 1;
    spanQueries.add(0);
    for (int i = decodes; i < plan.rows(); i++) {
      int row = rows[i];
      int first = window.firstSegment(plan, row);
      int count = plan.tokens(row);
      int keys = plan.position(row) + count - window.visibleFrom(plan.position(row));
      end += count;
      spanQueries.add(end);
      spanSlots.add(plan.segmentSlot(row, first) + window.hidden(plan, row, first));
      spanLengths.add(keys);
      mostSpanQueries = Math.max(mostSpanQueries, count);
      mostSpanKeys = Math.max(mostSpanKeys, keys);
      gather |= first < plan.segments(row) - 1;
    }
    if (gather) {
      spanSlots.clear();
      for (int i = decodes; i < plan.rows(); i++) {
        spanSlots.add(gathered.size());
        gather(plan, rows[i]);
      }
    }
    spanSlots.add(0);
  }

  private void gather(StepPlan plan, int row) {
    int first = window.firstSegment(plan, row);
    int hidden = window.hidden(plan, row, first);
    for (int s = first; s < plan.segments(row); s++) {
      for (int token = hidden; token < plan.segmentLength(row, s); token++) {
        gathered.add(plan.segmentSlot(row, s) + token);
      }
      hidden = 0;
    }
  }

  /** Numbers that {@link #write} writes. */
  int size() {
    return HEAD
        + decodeQueries.size()
        + decodeSlots.size()
        + decodeLengths.size()
        + spanQueries.size()
        + spanSlots.size()
        + spanLengths.size()
        + gathered.size();
  }

  /** Writes the layout. */
  void write(long[] into, int at) {
    into[at] = decodes;
    into[at + 1] = pieces;
    into[at + 2] = spanLengths.size();
    into[at + 3] = gathered.size();
    into[at + 4] = decodeLengths.size();
    into[at + 5] = mostDecodeQueries;
    into[at + 6] = mostDecodeKeys;
    into[at + 7] = mostSpanQueries;
    into[at + 8] = mostSpanKeys;
    int next = decodeQueries.write(into, at + HEAD);
    next = decodeSlots.write(into, next);
    next = decodeLengths.write(into, next);
    next = spanQueries.write(into, next);
    next = spanSlots.write(into, next);
    next = spanLengths.write(into, next);
    gathered.write(into, next);
  }
}
