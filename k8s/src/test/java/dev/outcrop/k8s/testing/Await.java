package dev.outcrop.k8s.testing;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/** Waits for what another thread does. */
public final class Await {
  private static final Duration LONGEST = Duration.ofMinutes(1);

  private Await() {}

  /** Until it holds; an error after a minute. */
  public static void until(BooleanSupplier holds) throws InterruptedException {
    long end = System.nanoTime() + LONGEST.toNanos();
    while (!holds.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("it did not happen");
      }
      Thread.sleep(2);
    }
  }
}
