package dev.outcrop.serving.cli;

import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;

/**
 * SIGTERM and SIGINT as something to wait for. The JVM ends when its shutdown hooks have ended, so
 * while a thread waits here, or ends what it waited for, the hook lets it drain and finish. At
 * other times, as while a model is loaded, there is nothing to finish: the hook ends at once, and
 * the process with the status of the signal, 143 or 130.
 */
final class StopSignal {
  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch finished = new CountDownLatch(1);

  private volatile boolean awaited;
  private volatile int status;

  StopSignal() {}

  static StopSignal install() {
    StopSignal signal = new StopSignal();
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                // Without halting the status would be that of the signal after a clean drain.
                () -> signal.stop().ifPresent(Runtime.getRuntime()::halt), "stop"));
    return signal;
  }

  /** Blocks until the process is told to stop. */
  void await() throws InterruptedException {
    awaited = true;
    asked.await();
  }

  /** Lets the process end; nothing may run after it. */
  void finished(int exitStatus) {
    status = exitStatus;
    finished.countDown();
  }

  /**
   * What the hook does.
   *
   * @return the status to end with, or nothing for that of the signal
   */
  OptionalInt stop() {
    boolean something = awaited && finished.getCount() > 0;
    asked.countDown();
    if (!something) {
      return OptionalInt.empty();
    }
    try {
      finished.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return OptionalInt.of(status);
  }
}
