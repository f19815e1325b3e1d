package dev.outcrop.models.torch;

/**
 * Random numbers without state: a draw is a function of seed and position alone, so it is the same
 * in any batch, after preemption, and on another replica.
 *
 * <p>Two rounds of the finaliser of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom
 * number generators", 2014), keyed by the seed and counted by the position.
 */
final class Draws {
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private Draws() {}

  /**
   * A number from [0, 1).
   *
   * @param position the position in its sequence of the token that is drawn
   */
  static double uniform(long seed, int position) {
    long key = mix(seed + GOLDEN);
    long bits = mix(key + GOLDEN * (position + 1L));
    return (bits >>> 11) * 0x1p-53;
  }

  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
