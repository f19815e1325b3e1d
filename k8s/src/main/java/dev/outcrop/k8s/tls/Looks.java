package dev.outcrop.k8s.tls;

import java.time.Duration;

/** Looks at something now and then, on a thread of its own, until closed. */
final class Looks implements AutoCloseable {
  private final Thread thread;

  private Looks(Thread thread) {
    this.thread = thread;
  }

  /** Begins; the first look is after a pause. */
  static Looks every(Duration pause, String name, Runnable look) {
    return new Looks(
        Thread.ofVirtual()
            .name(name)
            .start(
                () -> {
                  try {
                    while (true) {
                      Thread.sleep(pause);
                      look.run();
                    }
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                }));
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
