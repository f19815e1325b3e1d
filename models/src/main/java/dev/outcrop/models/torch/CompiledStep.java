package dev.outcrop.models.torch;

import ai.djl.pytorch.jni.IValue;
import dev.outcrop.models.engine.CompiledShapes;
import dev.outcrop.models.engine.StepPlan;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A step as compiled programs take it, padded to one of their shapes (models/neuron/README.md). The
 * buffers stay where they are, and libtorch reads them in place; used by one thread at a time.
 *
 * <p>Rows that only pad belong to the scratch slot, the one after those of sequences. Tokens that
 * only pad a prompt's chunk come after its last one, which the program is told.
 */
final class CompiledStep {
  private final CompiledShapes shapes;

  /** The slot of rows that only pad, and how many others there are. */
  private final int scratch;

  private final ByteBuffer tokens;
  private final ByteBuffer positions;
  private final ByteBuffer slots;
  private final ByteBuffer last;
  private final ByteBuffer columns;
  private int rows;
  private int width;
  private int context;

  /**
   * Creates one for a program.
   *
   * @param shapes what it was compiled for
   * @param slots sequences that have KV at the same time
   */
  CompiledStep(CompiledShapes shapes, int slots) {
    this.shapes = shapes;
    this.scratch = slots;
    int mostRows = shapes.decodeRows().getLast();
    this.tokens = integers(Math.max(mostRows, shapes.prefillTokens().getLast()));
    this.positions = integers(mostRows);
    this.slots = integers(mostRows);
    this.last = integers(mostRows);
    this.columns = integers(shapes.longest());
    for (int column = 0; column < shapes.longest(); column++) {
      columns.putInt(Integer.BYTES * column, column);
    }
  }

  private static ByteBuffer integers(int count) {
    return ByteBuffer.allocateDirect(Integer.BYTES * count).order(ByteOrder.nativeOrder());
  }

  /**
   * Takes in a plan.
   *
   * @throws IllegalArgumentException where it asks for a shape that was not compiled, or does not
   *     fit the one it asks for; the message tells shapes and places and no token
   */
  void fill(StepPlan plan) {
    pad(plan.shapeRows(), plan.shapeTokens(), plan.shapeContext());
    if (plan.moves() > 0) {
      throw new IllegalArgumentException("a compiled program moves no KV");
    }
    if (plan.rows() > rows) {
      throw new IllegalArgumentException("%d rows do not fit %d".formatted(plan.rows(), rows));
    }
    for (int row = 0; row < plan.rows(); row++) {
      fill(plan, row);
    }
  }

  private void fill(StepPlan plan, int row) {
    int count = plan.tokens(row);
    int first = plan.position(row);
    int slot = plan.segmentSlot(row, 0);
    if (count > width) {
      throw new IllegalArgumentException(
          "%d tokens of a row do not fit %d".formatted(count, width));
    }
    if (first + count > context) {
      throw new IllegalArgumentException(
          "a row ends at position %d, the context is %d".formatted(first + count, context));
    }
    int longest = shapes.longest();
    if (plan.segments(row) != 1 || slot % longest != 0 || slot / longest >= scratch) {
      throw new IllegalArgumentException(
          "a row's KV must be one of %d slots of %d tokens".formatted(scratch, longest));
    }
    for (int token = 0; token < count; token++) {
      put(tokens, row * width + token, plan.tokenId(row, token));
    }
    put(positions, row, first);
    put(slots, row, slot / longest);
    put(last, row, count - 1);
  }

  /**
   * Makes a step in which every row only pads: what a plan is laid into, and a way to try a shape
   * without touching any sequence.
   *
   * @throws IllegalArgumentException where this shape was not compiled
   */
  void pad(int ofRows, int ofTokens, int ofContext) {
    if (!shapes.has(ofRows, ofTokens, ofContext)) {
      throw new IllegalArgumentException(
          ("a step of %d rows of %d tokens with a context of %d was not compiled; prompts have 1 row"
                  + " of %s, decodes have %s rows of 1, contexts are %s")
              .formatted(
                  ofRows,
                  ofTokens,
                  ofContext,
                  shapes.prefillTokens(),
                  shapes.decodeRows(),
                  shapes.contexts()));
    }
    rows = ofRows;
    width = ofTokens;
    context = ofContext;
    for (int token = 0; token < rows * width; token++) {
      put(tokens, token, 0);
    }
    for (int row = 0; row < rows; row++) {
      put(positions, row, 0);
      put(slots, row, scratch);
      put(last, row, 0);
    }
  }

  private static void put(ByteBuffer buffer, int index, int value) {
    buffer.putInt(Integer.BYTES * index, value);
  }

  /** The arguments of a program's next call. */
  IValue arguments(TorchProgram program) {
    return program.list(
        program.array(tokens, rows, width),
        program.array(positions, rows),
        program.array(slots, rows),
        program.array(last, rows),
        program.array(columns, context));
  }
}
