package dev.outcrop.k8s;

import java.util.concurrent.CountDownLatch;

/**
 * SIGTERM and SIGINT as something to wait for. The JVM ends when its shutdown hooks have ended, so
 * the hook lets the waiting thread finish: it gives the Lease back.
 */
final class StopSignal {
  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch finished = new CountDownLatch(1);
  private volatile int status;

  private StopSignal() {}

  static StopSignal install() {
    StopSignal signal = new StopSignal();
    Runtime.getRuntime().addShutdownHook(new Thread(signal::stop, "stop"));
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

  private void stop() {
    if (finished.getCount() == 0) {
      return;
    }
    asked.countDown();
    try {
      finished.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    // Without halting the status would be that of the signal even after a clean end.
    Runtime.getRuntime().halt(status);
  }
}
