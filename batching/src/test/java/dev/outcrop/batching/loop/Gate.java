package dev.outcrop.batching.loop;

import dev.outcrop.models.testing.FakeEngine;
import java.util.concurrent.Semaphore;

/**
 * Holds the engine inside its steps until the test lets it go on, one step at a time or for ever.
 */
final class Gate implements FakeEngine.Sleeper, AutoCloseable {
  private final Semaphore entered = new Semaphore(0);
  private final Semaphore permits = new Semaphore(0);

  @Override
  public void sleep(long nanos) {
    entered.release();
    permits.acquireUninterruptibly();
  }

  /** Blocks until the engine is inside its next step. */
  void awaitStep() {
    entered.acquireUninterruptibly();
  }

  /** Ends one step. */
  void release() {
    permits.release();
  }

  /** Ends this step and all that follow. */
  void open() {
    permits.release(1_000_000);
  }

  /** Opens, so that a failed test does not leave the engine inside a step. */
  @Override
  public void close() {
    open();
  }
}
