package dev.outcrop.serving.cli;

import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;

/**
 * SIGTERM and SIGINT as something to wait for. The JVM ends when its shutdown hooks have ended, so
 * while a thread waits here, or ends what it waited for, the hook lets it drain and finish. Before
 * that, as while a model is loaded, there is nothing to finish: the hook halts the process at once,
 * with the status of SIGTERM, since libtorch's exit handlers would run under threads that compute.
 */
final class StopSignal {
  /** What a process that SIGTERM ended leaves. */
  static final int TERMINATED = 143;

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
                // Without halting the status would be that of the signal even after a clean drain.
                () -> signal.stop().ifPresent(Runtime.getRuntime()::halt), "stop"));
    return signal;
  }

  /** Does work on a model that nobody waits for the end of: a signal halts the process. */
  static int during(Callable<Integer> work) throws Exception {
    StopSignal signal = install();
    int status = 1;
    try {
      status = work.call();
    } finally {
      signal.finished(status);
    }
    return status;
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
   * @return the status to end with, or nothing where the process ends on its own
   */
  OptionalInt stop() {
    boolean over = finished.getCount() == 0; // seen before the wait ends, which may finish it
    boolean served = awaited;
    asked.countDown();
    if (over) {
      return OptionalInt.empty();
    }
    if (!served) {
      return OptionalInt.of(TERMINATED);
    }
    try {
      finished.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return OptionalInt.of(status);
  }
}
