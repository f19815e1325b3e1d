package dev.outcrop.serving.plan;

/**
 * What an engine is assumed to reach of a device's data sheet.
 *
 * @param bandwidth share of the memory's bandwidth
 * @param flops share of the arithmetic
 */
public record Share(double bandwidth, double flops) {
  /** Modest: tuned engines reach more, published runs on Inferentia2 less. */
  public static final Share DEFAULT = new Share(0.4, 0.4);

  /** The worse end of a range. */
  public static final Share LOW = new Share(0.25, 0.25);

  /** The better end of a range. */
  public static final Share HIGH = new Share(0.6, 0.6);

  /** Checks the shares. */
  public Share {
    if (!(bandwidth > 0 && bandwidth <= 1 && flops > 0 && flops <= 1)) {
      throw new IllegalArgumentException("a share is above 0 and at most 1");
    }
  }
}
