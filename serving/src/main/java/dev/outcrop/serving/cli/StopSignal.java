package dev.outcrop.serving.cli;

import java.util.concurrent.CountDownLatch;

/**
 * SIGTERM and SIGINT as something to wait for. The JVM ends when its shutdown hooks have ended, so
 * the hook wakes the thread that waits here and lets it drain and finish.
 */
final class StopSignal {
  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch finished = new CountDownLatch(1);

  private volatile int status;

  private StopSignal() {}

  static StopSignal install() {
    StopSignal signal = new StopSignal();
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  if (signal.finished.getCount() == 0) {
                    return;
                  }
                  signal.asked.countDown();
                  try {
                    signal.finished.await();
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                  // Without this the status would be that of the signal, 143, after a clean drain.
                  Runtime.getRuntime().halt(signal.status);
                },
                "stop"));
    return signal;
  }

  /** Blocks until the process is told to stop. */
  void await() throws InterruptedException {
    asked.await();
  }

  /** Lets the process end; nothing may run after it. */
  void finished(int exitStatus) {
    status = exitStatus;
    finished.countDown();
  }
}
