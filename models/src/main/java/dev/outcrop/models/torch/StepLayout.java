package dev.outcrop.models.torch;

import dev.outcrop.models.engine.StepPlan;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A step plan in the form the decoder program reads (described at the top of decoder.torchscript).
 * Rows with one token come first, those in the most pieces of KV before the others; a chunk that
 * crosses a segment border is cut there, so that the keys of a span's own tokens lie in one piece.
 *
 * <p>Reused from step to step by the engine thread.
 */
final class StepLayout {
  private final VisibleKv[] views;
  private final VarlenKv[] varlen; // on a GPU, instead of these
  private final int vocabulary;
  private final boolean forms;
  private long[] ids = new long[64];
  private long[] positions = new long[64];
  private long[] slots = new long[64];
  private long[] form = new long[64];
  private int tokens;
  private int[] lastToken = new int[8];
  private int[] order = new int[8];

  /**
   * Creates an empty layout.
   *
   * @param windows how many tokens back a token sees, itself included, one for every kind of layer;
   *     null for all
   * @param vocabulary one more than the highest token id
   * @param forms whether rotary embeddings have several forms
   * @param cuda whether the program is the one for GPUs
   */
  StepLayout(List<@Nullable Integer> windows, int vocabulary, boolean forms, boolean cuda) {
    this.vocabulary = vocabulary;
    this.forms = forms;
    this.views =
        cuda ? new VisibleKv[0] : windows.stream().map(VisibleKv::new).toArray(VisibleKv[]::new);
    this.varlen =
        cuda ? windows.stream().map(VarlenKv::new).toArray(VarlenKv[]::new) : new VarlenKv[0];
  }

  /** Takes in a plan. */
  void fill(StepPlan plan) {
    tokens = 0;
    int need = plan.tokens();
    if (ids.length < need) {
      ids = new long[need * 2];
      positions = new long[need * 2];
      slots = new long[need * 2];
      form = new long[need * 2];
    }
    if (lastToken.length < plan.rows()) {
      lastToken = new int[plan.rows() * 2];
      order = new int[plan.rows() * 2];
    }
    if (varlen.length > 0) {
      fillVarlen(plan);
      return;
    }
    VisibleKv first = views[0];
    first.start(plan);
    for (int i = 0; i < first.decodes(); i++) {
      decode(plan, first.decode(i));
    }
    first.addDecodes(plan, first);
    for (int v = 1; v < views.length; v++) {
      views[v].start(plan);
      views[v].addDecodes(plan, first);
    }
    for (int row = 0; row < plan.rows(); row++) {
      if (!first.isDecode(row)) {
        chunk(plan, row);
      }
    }
  }

  private void decode(StepPlan plan, int row) {
    int last = plan.segments(row) - 1;
    int start = plan.position(row) + 1 - plan.segmentLength(row, last);
    token(plan, row, 0, plan.segmentSlot(row, last) + plan.position(row) - start);
    lastToken[row] = tokens - 1;
  }

  /**
   * For a GPU: decodes in the order of where their KV begins, so that those that share a prefix are
   * neighbours, and then the other rows. A decode of fewer tokens than another has pieces cannot be
   * in as many and is one of the others.
   */
  private void fillVarlen(StepPlan plan) {
    int most = 1;
    for (int row = 0; row < plan.rows(); row++) {
      for (VarlenKv view : varlen) {
        most = Math.max(most, plan.tokens(row) == 1 ? view.pieces(plan, row) : 1);
      }
    }
    int decodes = 0;
    for (int row = 0; row < plan.rows(); row++) {
      if (plan.tokens(row) == 1 && plan.position(row) + 1 >= most) {
        int at = decodes++;
        while (at > 0 && plan.segmentSlot(row, 0) < plan.segmentSlot(order[at - 1], 0)) {
          order[at] = order[at - 1];
          at--;
        }
        order[at] = row;
      }
    }
    for (int i = 0; i < decodes; i++) {
      decode(plan, order[i]);
    }
    int next = decodes;
    for (int row = 0; row < plan.rows(); row++) {
      if (plan.tokens(row) > 1 || plan.position(row) + 1 < most) {
        order[next++] = row;
        chunk(plan, row);
      }
    }
    for (VarlenKv view : varlen) {
      view.fill(plan, order, decodes);
    }
  }

  /** How many tokens run. */
  int tokens() {
    return tokens;
  }

  /** Rows of {@link #tokenTable}. */
  int tableRows() {
    return forms ? 4 : 3;
  }

  /** Ids, positions and slots, and forms where there are any, [tableRows, tokens]. */
  long[] tokenTable() {
    long[] table = Arrays.copyOf(ids, tableRows() * tokens);
    System.arraycopy(positions, 0, table, tokens, tokens);
    System.arraycopy(slots, 0, table, 2 * tokens, tokens);
    if (forms) {
      System.arraycopy(form, 0, table, 3 * tokens, tokens);
    }
    return table;
  }

  /** The layout argument of the program. */
  long[] layout() {
    if (varlen.length > 0) {
      return varlenLayout();
    }
    if (views.length == 1) {
      long[] layout = new long[views[0].size(false)];
      views[0].write(layout, 0, false);
      return layout;
    }
    int size = 0;
    for (VisibleKv view : views) {
      size += 1 + view.size(true);
    }
    long[] layout = new long[size];
    int at = 0;
    for (VisibleKv view : views) {
      layout[at] = view.size(true);
      view.write(layout, at + 1, true);
      at += 1 + view.size(true);
    }
    return layout;
  }

  private long[] varlenLayout() {
    int size = 0;
    for (VarlenKv view : varlen) {
      size += 1 + view.size();
    }
    long[] layout = new long[size];
    int at = 0;
    for (VarlenKv view : varlen) {
      layout[at] = view.size();
      view.write(layout, at + 1);
      at += 1 + view.size();
    }
    return layout;
  }

  /** Where the row's last token stands among the step's tokens in the program's order. */
  int lastToken(int row) {
    return lastToken[row];
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
    for (VisibleKv view : views) {
      view.addSpan(plan, row, s, offset, from, to);
    }
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
    form[tokens] = plan.ropeForm(row);
    tokens++;
  }
}
