package dev.outcrop.batching;

import java.util.List;

/**
 * What a row of a step takes of it by the roofline, so that the time of a step can be split over
 * its rows: its operations, or the bytes that it needs, whichever take longer. Its bytes are its KV
 * and an equal part of the weights, which all rows read together. Only proportions count.
 *
 * @param weightBytes weights that a step reads
 * @param kvBytesPerToken KV of a token, in layers that see all tokens
 * @param flopsPerToken operations of a token
 * @param flopsPerPair operations for a token and one token that it sees, in the same layers
 * @param flopsPerByte operations in the time in which the device reads a byte
 * @param windows layers that see the last tokens only
 */
public record RowWork(
    double weightBytes,
    double kvBytesPerToken,
    double flopsPerToken,
    double flopsPerPair,
    double flopsPerByte,
    List<Window> windows) {
  /** Where nothing is known of the model: each token takes as long as another. */
  public static final RowWork TOKENS = new RowWork(0, 0, 1, 0, 1);

  /** Checks the numbers. */
  public RowWork {
    if (!(weightBytes >= 0
        && kvBytesPerToken >= 0
        && flopsPerToken > 0
        && flopsPerPair >= 0
        && flopsPerByte > 0)) {
      throw new IllegalArgumentException("the work of a row must be positive");
    }
    windows = List.copyOf(windows);
  }

  /** A model whose layers all see all tokens. */
  public RowWork(
      double weightBytes,
      double kvBytesPerToken,
      double flopsPerToken,
      double flopsPerPair,
      double flopsPerByte) {
    this(weightBytes, kvBytesPerToken, flopsPerToken, flopsPerPair, flopsPerByte, List.of());
  }

  /**
   * Layers with the same sliding window, all together.
   *
   * @param tokens that a token sees at most, itself among them
   * @param kvBytesPerToken KV of a token
   * @param flopsPerPair operations for a token and one token that it sees
   */
  public record Window(int tokens, double kvBytesPerToken, double flopsPerPair) {
    /** Checks the numbers. */
    public Window {
      if (!(tokens > 0 && kvBytesPerToken >= 0 && flopsPerPair >= 0)) {
        throw new IllegalArgumentException("the work of a window must be positive");
      }
    }

    /** KV that a row reads: of tokens that one of its own sees. */
    private double bytes(int ran, int context) {
      return kvBytesPerToken * Math.min(context, (double) tokens + ran - 1);
    }

    private double flops(int ran, int context) {
      return flopsPerPair * pairs(ran, context);
    }

    /** Tokens that each of a row's tokens sees, added up: more and more, up to the window. */
    private double pairs(int ran, int context) {
      int first = context - ran + 1; // what the first of them sees without a window
      double growing = Math.clamp((long) tokens - first, 0, ran);
      return growing * (first + (growing - 1) / 2) + (ran - growing) * tokens;
    }
  }

  /**
   * The part of a row, in operations or what takes as long. Engine thread; allocates nothing.
   *
   * @param tokens tokens that it runs
   * @param context tokens of its sequence at the end of them
   * @param weights its part of {@link #weightBytes}: the same for all rows of a step
   */
  public double part(int tokens, int context, double weights) {
    double seen = context - (tokens - 1) / 2.0; // by each of its tokens, on average
    double bytes = weights + kvBytesPerToken * context;
    double flops = tokens * (flopsPerToken + flopsPerPair * seen);
    for (int i = 0; i < windows.size(); i++) { // by index: an iterator would be an object each time
      Window window = windows.get(i);
      bytes += window.bytes(tokens, context);
      flops += window.flops(tokens, context);
    }
    return Math.max(bytes * flopsPerByte, flops);
  }
}
