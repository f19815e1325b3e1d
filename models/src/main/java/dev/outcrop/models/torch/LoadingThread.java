package dev.outcrop.models.torch;

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
  private LoadingThread() {}

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
