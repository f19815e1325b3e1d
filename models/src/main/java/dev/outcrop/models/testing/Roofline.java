package dev.outcrop.models.testing;

/**
 * How long a step takes on an imagined device: whichever is slower of moving the bytes and doing
 * the arithmetic, plus a fixed cost. After Williams, Waterman and Patterson, "Roofline" (2009).
 *
 * @param weightBytes bytes of weights read by every step
 * @param flopsPerToken floating point operations per token, about twice the parameters
 * @param bytesPerSecond memory bandwidth
 * @param flopsPerSecond arithmetic speed
 * @param overheadNanos fixed cost of a step
 */
public record Roofline(
    long weightBytes,
    double flopsPerToken,
    double bytesPerSecond,
    double flopsPerSecond,
    long overheadNanos) {

  /** A device on which every step takes no time. */
  public static final Roofline INSTANT = new Roofline(0, 0, 1, 1, 0);

  /** Checks the fields. */
  public Roofline {
    if (weightBytes < 0
        || flopsPerToken < 0
        || !(bytesPerSecond > 0)
        || !(flopsPerSecond > 0)
        || overheadNanos < 0) {
      throw new IllegalArgumentException("a field of the roofline is out of range");
    }
  }

  /**
   * A dense decoder on a device.
   *
   * @param parameters parameters of the model
   * @param bytesPerParameter 2 for bfloat16
   * @param bytesPerSecond memory bandwidth
   * @param flopsPerSecond arithmetic speed
   * @param overheadNanos fixed cost of a step
   */
  public static Roofline dense(
      long parameters,
      int bytesPerParameter,
      double bytesPerSecond,
      double flopsPerSecond,
      long overheadNanos) {
    return new Roofline(
        parameters * bytesPerParameter,
        2.0 * parameters,
        bytesPerSecond,
        flopsPerSecond,
        overheadNanos);
  }

  /**
   * Time of one step.
   *
   * @param tokens tokens run
   * @param kvBytes bytes of KV read
   * @return nanoseconds
   */
  public long stepNanos(int tokens, long kvBytes) {
    double memory = (weightBytes + (double) kvBytes) / bytesPerSecond;
    double arithmetic = flopsPerToken * tokens / flopsPerSecond;
    return overheadNanos + Math.round(Math.max(memory, arithmetic) * 1e9);
  }
}
