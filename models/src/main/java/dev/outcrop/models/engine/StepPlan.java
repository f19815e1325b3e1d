package dev.outcrop.models.engine;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One step: the rows of a mixed batch of prefill chunks and decodes, as plain integers.
 *
 * <p>A row is one sequence. It brings the token ids to run in this step, the position of the first
 * of them, and the KV segments of the sequence in order: ranges of token slots of the arena that
 * together cover positions 0 up to and including the step's last token. The engine writes K and V
 * of the step's tokens into the slots that belong to their positions.
 *
 * <p>For a device that runs compiled shapes only, the plan names the one that its rows are padded
 * to; then it has either prefill chunks or decodes, each row has one segment, and that begins at a
 * multiple of the longest compiled context: the row's slot.
 *
 * <p>A row may end with drafts, guesses of the tokens that come next ({@link #drafted}): then the
 * engine chooses a token before each of them, too, just as it would without them, and whoever made
 * the plan sees which guesses were right. What a step chooses has a number, its result: one for
 * every row, in the order of the rows, and one more for each draft.
 *
 * <p>The scheduler writes the plan on the engine thread. From the submission of the step until it
 * was awaited the engine reads it, on that thread or on those of its stages, and nobody writes it;
 * handing it over and back is what makes it visible ({@link Engine#submit}, {@link
 * Engine.Pending#await}). Then it is reused for another step; it allocates only while its arrays
 * still grow.
 */
public final class StepPlan {
  private int rows;
  private int held;
  private int tokens;
  private int segments;
  private int moves;
  private int shapeRows;
  private int shapeTokens;
  private int shapeContext;
  private int[] move = new int[48];
  private int chunks;
  private int[][] chunk = new int[8][];
  private int[] chunkOffset = new int[8];
  private int[] tokenStart = new int[9];
  private int[] only = new int[8]; // a row's token id where it has one, else its chunk
  private int[] position = new int[8];
  private int[] form = new int[8];
  private int[] segmentStart = new int[9];
  private int[] segmentSlot = new int[16];
  private int[] segmentLength = new int[16];
  private @Nullable Sampling[] sampling = new Sampling[8];
  private boolean[] sampled = new boolean[8];
  private int[][] history = new int[8][];
  private int[] historyPrompt = new int[8];
  private int[] historyLength = new int[8];
  private int[] resultStart = new int[9];

  private static final int[] NO_TOKENS = {};

  /** Creates an empty plan. */
  public StepPlan() {}

  /** Empties the plan for the next step. */
  public void clear() {
    if (held > rows) {
      Arrays.fill(sampling, rows, held, null);
      Arrays.fill(history, rows, held, NO_TOKENS);
    }
    Arrays.fill(chunk, 0, chunks, NO_TOKENS);
    chunks = 0;
    held = rows; // what they hold is overwritten by the next step, mostly with the same
    rows = 0;
    tokens = 0;
    segments = 0;
    moves = 0;
    shape(0, 0, 0);
  }

  /**
   * Asks for the step to run in a compiled shape.
   *
   * @param asRows rows to pad to
   * @param asTokens tokens to pad each row to: 1 for decodes
   * @param context tokens of KV to read for each row, this step's included
   */
  public void shape(int asRows, int asTokens, int context) {
    shapeRows = asRows;
    shapeTokens = asTokens;
    shapeContext = context;
  }

  /** Rows to pad the step to; 0 where its shape is free. */
  public int shapeRows() {
    return shapeRows;
  }

  /** Tokens to pad each row to; 0 where the step's shape is free. */
  public int shapeTokens() {
    return shapeTokens;
  }

  /** Tokens of KV to read for each row; 0 where the step's shape is free. */
  public int shapeContext() {
    return shapeContext;
  }

  /**
   * Asks for KV to be copied before the step runs, after the moves asked for before. A step that
   * fails has made its moves; an engine that cannot make them is dead.
   *
   * @param fromSlot first token slot of what is copied
   * @param toSlot first token slot of where it goes; the two ranges do not overlap
   * @param count tokens
   */
  public void move(int fromSlot, int toSlot, int count) {
    if (3 * moves == move.length) {
      move = Arrays.copyOf(move, 2 * move.length);
    }
    move[3 * moves] = fromSlot;
    move[3 * moves + 1] = toSlot;
    move[3 * moves + 2] = count;
    moves++;
  }

  /** Moves before the step. */
  public int moves() {
    return moves;
  }

  /** First token slot that a move copies from. */
  public int moveFrom(int index) {
    return move[3 * index];
  }

  /** First token slot that a move copies to. */
  public int moveTo(int index) {
    return move[3 * index + 1];
  }

  /** Tokens that a move copies. */
  public int moveLength(int index) {
    return move[3 * index + 2];
  }

  /**
   * Opens the next row. Its tokens and segments follow.
   *
   * @param firstPosition the position of the row's first token in its sequence
   */
  public void row(int firstPosition) {
    if (rows == position.length) {
      int size = rows * 2;
      tokenStart = Arrays.copyOf(tokenStart, size + 1);
      only = Arrays.copyOf(only, size);
      position = Arrays.copyOf(position, size);
      form = Arrays.copyOf(form, size);
      segmentStart = Arrays.copyOf(segmentStart, size + 1);
      sampling = Arrays.copyOf(sampling, size);
      sampled = Arrays.copyOf(sampled, size);
      history = Arrays.copyOf(history, size);
      historyPrompt = Arrays.copyOf(historyPrompt, size);
      historyLength = Arrays.copyOf(historyLength, size);
      resultStart = Arrays.copyOf(resultStart, size + 1);
    }
    position[rows] = firstPosition;
    form[rows] = 0;
    sampled[rows] = false;
    rows++;
    tokenStart[rows] = tokens;
    segmentStart[rows] = segments;
    resultStart[rows] = resultStart[rows - 1] + 1;
  }

  /** Says which form the positions of the open row take, see {@link Engine#ropeForm}; else 0. */
  public void form(int ropeForm) {
    form[rows - 1] = ropeForm;
  }

  /**
   * Gives the open row its tokens.
   *
   * @param source has their ids; read until the step was awaited, so they have to stay there
   * @param offset the index of the first
   * @param count how many, at least 1
   */
  public void tokens(int[] source, int offset, int count) {
    if (count == 1) {
      token(source[offset]);
      return;
    }
    if (chunks == chunk.length) {
      chunk = Arrays.copyOf(chunk, chunks * 2);
      chunkOffset = Arrays.copyOf(chunkOffset, chunks * 2);
    }
    chunk[chunks] = source;
    chunkOffset[chunks] = offset;
    put(chunks++, count);
  }

  /** Gives the open row its only token. */
  public void token(int id) {
    put(id, 1);
  }

  private void put(int which, int count) {
    if (tokenStart[rows] != tokenStart[rows - 1]) {
      throw new IllegalStateException("the row has its tokens already");
    }
    only[rows - 1] = which;
    tokens += count;
    tokenStart[rows] = tokens;
  }

  /** Adds the next KV segment of the open row: a range of token slots of the arena. */
  public void segment(int slot, int length) {
    if (segments == segmentSlot.length) {
      segmentSlot = Arrays.copyOf(segmentSlot, segments * 2);
      segmentLength = Arrays.copyOf(segmentLength, segments * 2);
    }
    segmentSlot[segments] = slot;
    segmentLength[segments] = length;
    segments++;
    segmentStart[rows] = segments;
  }

  /**
   * Asks for a token after the open row's last one.
   *
   * @param how how to choose it
   * @param seen the sequence's tokens, prompt first and drafts last; read until the step was
   *     awaited
   * @param promptTokens how many of them are prompt
   * @param seenTokens how many of them there are
   */
  @SuppressWarnings("ReferenceEquality")
  public void sample(Sampling how, int[] seen, int promptTokens, int seenTokens) {
    int row = rows - 1;
    if (sampling[row] != how || history[row] != seen) { // a look is cheaper than a store
      sampling[row] = how;
      history[row] = seen;
    }
    sampled[row] = true;
    historyPrompt[row] = promptTokens;
    historyLength[row] = seenTokens;
  }

  /**
   * Says that the last tokens of the open row, which asks for a token, are drafts: a token is asked
   * for before each of them, too, from what comes before it.
   *
   * @param count how many; fewer than the row has tokens
   */
  public void drafted(int count) {
    resultStart[rows] = resultStart[rows - 1] + 1 + count;
  }

  /** How many of the row's tokens, its last ones, are drafts. */
  public int drafts(int row) {
    return resultStart[row + 1] - resultStart[row] - 1;
  }

  /** Drafts in the plan, over all rows. */
  public int drafts() {
    return resultStart[rows] - rows;
  }

  /** The row's first result: what follows its last token that is no draft. */
  public int firstResult(int row) {
    return resultStart[row];
  }

  /** Results of the step: its rows and its drafts. */
  public int results() {
    return resultStart[rows];
  }

  /** Rows in the plan. */
  public int rows() {
    return rows;
  }

  /** Tokens in the plan, over all rows. */
  public int tokens() {
    return tokens;
  }

  /** Tokens of one row. */
  public int tokens(int row) {
    return tokenStart[row + 1] - tokenStart[row];
  }

  /** Id of a row's token, counted from the row's first. */
  public int tokenId(int row, int index) {
    int which = only[row];
    return tokens(row) == 1 ? which : chunk[which][chunkOffset[which] + index];
  }

  /** Position of the row's first token in its sequence. */
  public int position(int row) {
    return position[row];
  }

  /** Which form the row's positions take, see {@link Engine#ropeForm}. */
  public int ropeForm(int row) {
    return form[row];
  }

  /** Segments in the plan, over all rows. */
  public int segments() {
    return segments;
  }

  /** Segments of one row. */
  public int segments(int row) {
    return segmentStart[row + 1] - segmentStart[row];
  }

  /** First token slot of a row's segment. */
  public int segmentSlot(int row, int segment) {
    return segmentSlot[segmentStart[row] + segment];
  }

  /** Tokens of a row's segment that are in use, this step's included. */
  public int segmentLength(int row, int segment) {
    return segmentLength[segmentStart[row] + segment];
  }

  /** How to choose the row's next token, or null where none is wanted (a prefill chunk). */
  public @Nullable Sampling sampling(int row) {
    return sampled[row] ? sampling[row] : null;
  }

  /** The row's tokens so far, prompt first; only the first {@link #historyLength} count. */
  public int[] history(int row) {
    return sampled[row] ? history[row] : NO_TOKENS;
  }

  /** How many tokens of the row's history are prompt. */
  public int historyPrompt(int row) {
    return sampled[row] ? historyPrompt[row] : 0;
  }

  /** How many tokens the row's history has. */
  public int historyLength(int row) {
    return sampled[row] ? historyLength[row] : 0;
  }

  /** Counts only: token ids are user content and stay out of logs. */
  @Override
  public String toString() {
    return "StepPlan[rows=%d, tokens=%d, segments=%d]".formatted(rows, tokens, segments);
  }
}
