package dev.outcrop.bench.http;

/** How long things took, in buckets of a hundredth and finer. Used by one thread at a time. */
final class Delays {
  /** Buckets of every doubling. */
  private static final int PARTS = 128;

  private static final int DOUBLINGS = 40;

  private final long[] counts = new long[PARTS * DOUBLINGS];
  private long count;
  private double sum;

  void add(long nanos) {
    counts[bucket(Math.max(PARTS, nanos))]++;
    count++;
    sum += nanos;
  }

  /** So many nanoseconds or less took this share of all. */
  double percentile(double share) {
    long rank = (long) Math.ceil(share * count);
    long seen = 0;
    for (int i = 0; i < counts.length; i++) {
      seen += counts[i];
      if (seen >= rank && seen > 0) {
        return upper(i);
      }
    }
    return 0;
  }

  double mean() {
    return count == 0 ? 0 : sum / count;
  }

  private static int bucket(long nanos) {
    int shift = Long.SIZE - Long.numberOfLeadingZeros(nanos / PARTS) - 1;
    return Math.min(PARTS * DOUBLINGS - 1, (shift * PARTS) + (int) (nanos >> shift) - PARTS);
  }

  private static double upper(int bucket) {
    return (double) (bucket % PARTS + PARTS + 1) * (1L << (bucket / PARTS));
  }
}
