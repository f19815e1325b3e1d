package dev.outcrop.bench.load;

import org.HdrHistogram.Histogram;

/** A distribution of times with its mean; whoever owns it guards it. */
final class Times {
  private static final double NANOS_PER_MICRO = 1e3;
  private static final double MICROS_PER_MS = 1e3;
  private static final double NANOS_PER_MS = 1e6;

  private final Histogram micros = new Histogram(3);
  private double sum;

  Times() {
    micros.setAutoResize(true);
  }

  void add(double nanos) {
    micros.recordValue(Math.max(0, Math.round(nanos / NANOS_PER_MICRO)));
    sum += nanos;
  }

  void add(long nanos) {
    add((double) nanos);
  }

  boolean isEmpty() {
    return micros.getTotalCount() == 0;
  }

  double meanMs() {
    return sum / micros.getTotalCount() / NANOS_PER_MS;
  }

  double ms(double percentile) {
    return micros.getValueAtPercentile(percentile) / MICROS_PER_MS;
  }

  /** Adds them to others, in microseconds. */
  void addTo(Histogram all) {
    all.add(micros);
  }
}
