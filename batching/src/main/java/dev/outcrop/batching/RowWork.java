package dev.outcrop.batching;

/**
 * What a row of a step takes of it by the roofline, so that the time of a step can be split over
 * its rows: its operations, or the bytes that it needs, whichever take longer. Its bytes are its KV
 * and an equal part of the weights, which all rows read together. Only proportions count.
 *
 * @param weightBytes weights that a step reads
 * @param kvBytesPerToken KV of a token
 * @param flopsPerToken operations of a token
 * @param flopsPerPair operations for a token and one token that it sees
 * @param flopsPerByte operations in the time in which the device reads a byte
 */
public record RowWork(
    double weightBytes,
    double kvBytesPerToken,
    double flopsPerToken,
    double flopsPerPair,
    double flopsPerByte) {
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
  }

  /**
   * The part of a row, in bytes or what takes as long. Engine thread.
   *
   * @param tokens tokens that it runs
   * @param context tokens of its sequence at the end of them
   * @param rows rows of the step
   */
  public double of(int tokens, int context, int rows) {
    double bytes = weightBytes / rows + kvBytesPerToken * context;
    double seen = context - (tokens - 1) / 2.0; // by each of its tokens, on average
    double flops = tokens * (flopsPerToken + flopsPerPair * seen);
    return Math.max(bytes, flops / flopsPerByte);
  }
}
