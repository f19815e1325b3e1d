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
 * <p>Rows that only pad belong to the scratch slot, which is one more than there are sequences.
 * Tokens that only pad a prompt's chunk come after its last one, which the program is told.
 */
final class CompiledStep {
  private final CompiledShapes shapes;
  private final ByteBuffer tokens;
  private final ByteBuffer positions;
  private final ByteBuffer slots;
  private final ByteBuffer last;
  private final ByteBuffer columns;
  private int rows;
  private int width;
  private int context;

  CompiledStep(CompiledShapes shapes) {
    this.shapes = shapes;
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
    begin(plan.shapeRows(), plan.shapeTokens(), plan.shapeContext());
    require(plan.moves() == 0, "a compiled program moves no KV");
    require(plan.rows() <= rows, "%d rows do not fit %d".formatted(plan.rows(), rows));
    for (int row = 0; row < plan.rows(); row++) {
      int count = plan.tokens(row);
      int first = plan.position(row);
      int slot = plan.segmentSlot(row, 0);
      require(count <= width, "%d tokens of a row do not fit %d".formatted(count, width));
      require(
          first + count <= context,
          "a row ends at position %d, the context is %d".formatted(first + count, context));
      require(
          plan.segments(row) == 1
              && slot % shapes.longest() == 0
              && slot / shapes.longest() < shapes.slots(),
          "a row's KV must be one of %d slots of %d tokens"
              .formatted(shapes.slots(), shapes.longest()));
      for (int token = 0; token < count; token++) {
        put(tokens, row * width + token, plan.tokenId(row, token));
      }
      put(positions, row, first);
      put(slots, row, slot / shapes.longest());
      put(last, row, count - 1);
    }
  }

  /** A step in which every row only pads, to try a shape without touching any sequence. */
  void fillPadding(int ofRows, int ofTokens, int ofContext) {
    begin(ofRows, ofTokens, ofContext);
  }

  private void begin(int ofRows, int ofTokens, int ofContext) {
    require(
        shapes.has(ofRows, ofTokens, ofContext),
        ("a step of %d rows of %d tokens with a context of %d was not compiled; prompts have 1 row"
                + " of %s, decodes have %s rows of 1, contexts are %s")
            .formatted(
                ofRows,
                ofTokens,
                ofContext,
                shapes.prefillTokens(),
                shapes.decodeRows(),
                shapes.contexts()));
    rows = ofRows;
    width = ofTokens;
    context = ofContext;
    for (int token = 0; token < rows * width; token++) {
      put(tokens, token, 0);
    }
    for (int row = 0; row < rows; row++) {
      put(positions, row, 0);
      put(slots, row, shapes.slots());
      put(last, row, 0);
    }
  }

  private static void put(ByteBuffer buffer, int index, int value) {
    buffer.putInt(Integer.BYTES * index, value);
  }

  private static void require(boolean ok, String message) {
    if (!ok) {
      throw new IllegalArgumentException(message);
    }
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

  /** Rows of the step, padding included. */
  int rows() {
    return rows;
  }

  /** Tokens that the step computes, padding included. */
  int computedTokens() {
    return rows * width;
  }
}
