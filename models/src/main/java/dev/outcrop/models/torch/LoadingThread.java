package dev.outcrop.models.torch;

import ai.djl.engine.EngineException;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;

/**
 * Runs what loads a model on a thread that ends with it.
 *
 * <p>libgomp keeps a team of threads for every thread that ever ran an operator in parallel. Once
 * there are more of them than processors, all of them sleep between two parallel regions where they
 * would spin, and every region then pays for waking a thread. Steps have hundreds of regions. The
 * team of a thread that ends goes with it.
 */
final class LoadingThread {
  /** What libtorch and the system say where there is no memory. */
  private static final List<String> NO_MEMORY =
      List.of("can't allocate memory", "not enough memory", "Cannot allocate memory", "bad_alloc");

  private LoadingThread() {}

  /** The error of a load that libtorch gave up. */
  static OutcropException failure(EngineException e) {
    String message = String.valueOf(e.getMessage());
    if (NO_MEMORY.stream().anyMatch(message::contains)) {
      return new OutcropException(
          ModelError.OUT_OF_MEMORY,
          "there is no memory for the weights; `outcrop models inspect` tells what they need",
          e);
    }
    return new OutcropException(
        ModelError.CHECKPOINT_INVALID,
        "libtorch could not load the weights; a file may be shorter than when it was opened",
        e);
  }

  /** The value of a supplier that ran on another thread, or what it threw. */
  static <T> T call(Supplier<T> loading) {
    FutureTask<T> task = new FutureTask<>(loading::get);
    Thread thread = Thread.ofPlatform().name("model-loading").start(task);
    boolean interrupted = false;
    try {
      while (true) {
        try {
          thread.join();
          return task.get();
        } catch (InterruptedException e) {
          interrupted = true; // a load cannot be cut short: libtorch would not notice
        }
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      if (e.getCause() instanceof Error cause) {
        throw cause;
      }
      throw new IllegalStateException(e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
