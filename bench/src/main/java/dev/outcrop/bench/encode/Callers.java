package dev.outcrop.bench.encode;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Callers that each send their next text when the answer to the last one came. */
final class Callers {
  private Callers() {}

  /** What a caller does: one text there and back. */
  interface Call {
    /** Encodes one text. */
    void run(int[] text) throws InterruptedException;
  }

  /**
   * What some callers measured.
   *
   * @param textsPerSecond of all of them together
   * @param p50Micros the median time of a text
   */
  record Measured(double textsPerSecond, double p50Micros) {}

  /** Runs some callers for a time; each is a thread that ends with it. */
  static Measured run(int callers, double seconds, List<int[]> texts, Call call)
      throws InterruptedException {
    long begin = System.nanoTime();
    long end = begin + (long) (seconds * 1e9);
    List<Future<long[]>> all = new ArrayList<>();
    // Platform threads: libtorch keeps threads of its own for each that it runs on.
    try (ExecutorService threads =
        Executors.newThreadPerTaskExecutor(Thread.ofPlatform().factory())) {
      for (int i = 0; i < callers; i++) {
        int first = i;
        all.add(threads.submit(() -> one(first, callers, end, texts, call)));
      }
      long[] nanos = new long[0];
      for (Future<long[]> future : all) {
        long[] more = future.get();
        nanos = Arrays.copyOf(nanos, nanos.length + more.length);
        System.arraycopy(more, 0, nanos, nanos.length - more.length, more.length);
      }
      double took = (System.nanoTime() - begin) / 1e9;
      Arrays.sort(nanos);
      return new Measured(nanos.length / took, nanos[nanos.length / 2] / 1e3);
    } catch (ExecutionException e) {
      throw new IllegalStateException("a caller failed", e.getCause());
    }
  }

  private static long[] one(int first, int step, long end, List<int[]> texts, Call call)
      throws InterruptedException {
    long[] nanos = new long[16];
    int count = 0;
    long before = System.nanoTime();
    do {
      call.run(texts.get((first + count * step) % texts.size()));
      long now = System.nanoTime();
      if (count == nanos.length) {
        nanos = Arrays.copyOf(nanos, 2 * count);
      }
      nanos[count++] = now - before;
      before = now;
    } while (before < end);
    return Arrays.copyOf(nanos, count);
  }
}
