package dev.outcrop.serving.testing;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/** Waits for something that another thread does. */
public final class Await {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private Await() {}

  /** Blocks until a condition holds. */
  public static void until(BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("did not come true within " + LIMIT);
      }
      Thread.sleep(5);
    }
  }
}
