package dev.outcrop.models.arch;

/**
 * The norms of the residual stream.
 *
 * @param kind how they normalise
 * @param eps their epsilon
 * @param place where in a layer they stand
 * @param plusOne whether checkpoints store their weights less one, those of q and k too
 */
public record Norms(Kind kind, double eps, Place place, boolean plusOne) {
  /** How a norm normalises. */
  public enum Kind {
    /** By the root mean square (arXiv 1910.07467). */
    RMS,
    /** By mean and variance, with a bias (arXiv 1607.06450). */
    LAYER
  }

  /** Where in a layer norms stand. */
  public enum Place {
    /** Before attention and MLP. */
    BEFORE,
    /** After them, ahead of the sum. */
    AFTER,
    /** Both. */
    AROUND;

    /** Whether there are norms before attention and MLP. */
    public boolean before() {
      return this != AFTER;
    }

    /** Whether there are norms after them. */
    public boolean after() {
      return this != BEFORE;
    }
  }
}
