package dev.outcrop.serving.batchjobs;

import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * Memory for records that run, of all jobs together. A job waits for it, first come, first served.
 *
 * @param permits what is left, in units
 * @param units how many there are
 */
record Memory(Semaphore permits, int units) {
  private static final int UNIT = 64 * 1_024;

  /** A line becomes a tree, a body, a prompt and an answer. */
  private static final int COPIES = 8;

  /** A budget of so many bytes. */
  static Memory of(long bytes) {
    int units = (int) Math.max(1, Math.min(Integer.MAX_VALUE / 2, bytes / UNIT));
    return new Memory(new Semaphore(units, true), units);
  }

  /** What a line takes, at most everything. */
  int units(byte @Nullable [] line) {
    long length = line == null ? 0 : line.length;
    return (int) Math.min(units, 1 + length * COPIES / UNIT);
  }
}
