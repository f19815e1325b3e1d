package dev.outcrop.models.torch;

import ai.djl.util.NativeResource;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Something of libtorch's that somebody here has to close, and counts until then. Closed once, by
 * the thread that runs the program it belongs to.
 */
record Handle<T extends NativeResource<Long>>(T resource) implements AutoCloseable {
  private static final AtomicLong OPEN = new AtomicLong();

  /** Counts. */
  Handle {
    OPEN.incrementAndGet();
  }

  /**
   * Handles that are open, of all programs of the process: arguments from when they are made here
   * or reach a call, and what calls return.
   */
  static long open() {
    return OPEN.get();
  }

  @Override
  public void close() {
    resource.close();
    OPEN.decrementAndGet();
  }
}
