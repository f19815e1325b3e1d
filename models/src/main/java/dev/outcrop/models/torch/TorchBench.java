package dev.outcrop.models.torch;

import ai.djl.pytorch.jni.IValue;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.engine.Engine;
import java.util.Arrays;

/**
 * An engine with random weights and what it is measured against: its linear layers alone, and the
 * memory's read bandwidth.
 */
public final class TorchBench implements AutoCloseable {
  private static final long READ_BYTES = 256L << 20;
  private static final int SQUARE = 2_048;
  private static final int RUNS = 7;

  private final TorchEngine engine;
  private final TorchProgram program;

  private TorchBench(TorchEngine engine, TorchProgram program) {
    this.engine = engine;
    this.program = program;
  }

  /** Draws the weights. */
  public static TorchBench open(DecoderConfig config, TorchOptions options) {
    TorchEngine engine = TorchEngine.random(config, options);
    return new TorchBench(engine, engine.program());
  }

  /** The engine. */
  public Engine engine() {
    return engine;
  }

  /** Nanoseconds of each of some runs of all linear layers of one step. */
  public long[] floorNanos(int rows, int runs) {
    return time(runs, () -> program.run("floor", IValue.from(rows)));
  }

  /** Gigabytes per second that all threads together read from memory. */
  public double readGigabytesPerSecond() {
    program.run("allocate_bytes", IValue.from(READ_BYTES));
    try {
      long[] nanos = time(RUNS, () -> program.run("read_bytes"));
      Arrays.sort(nanos);
      return (double) READ_BYTES / nanos[nanos.length / 2];
    } finally {
      program.run("unmap_files");
    }
  }

  /** 10^9 operations per second of a product of two large matrices of the engine's type. */
  public double gemmGigaflops() {
    program.run("allocate_square", IValue.from(SQUARE));
    try {
      long[] nanos = time(RUNS, () -> program.run("multiply_square"));
      Arrays.sort(nanos);
      return 2. * SQUARE * SQUARE * SQUARE / nanos[nanos.length / 2];
    } finally {
      program.run("unmap_files");
    }
  }

  private static long[] time(int runs, Runnable work) {
    work.run();
    long[] nanos = new long[runs];
    for (int i = 0; i < runs; i++) {
      long start = System.nanoTime();
      work.run();
      nanos[i] = System.nanoTime() - start;
    }
    return nanos;
  }

  @Override
  public void close() {
    engine.close();
  }
}
