package dev.outcrop.serving.cli;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;

/**
 * SIGTERM and SIGINT as something to wait for. The JVM ends when its shutdown hooks have ended, so
 * while a thread serves and waits here, or ends what it waited for, the hook lets it drain and
 * finish. Before that, as while a model is loaded, there is nothing to finish: the hook halts the
 * process at once, with the status of SIGTERM, since libtorch's exit handlers would run under
 * threads that compute.
 */
final class StopSignal {
  /** What a process that SIGTERM ended leaves. */
  static final int TERMINATED = 143;

  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch finished = new CountDownLatch(1);

  private volatile boolean served;
  private volatile int status;

  StopSignal() {}

  static StopSignal install() {
    StopSignal signal = new StopSignal();
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                // Without halting the status would be that of the signal even after a clean drain.
                () -> signal.stop().ifPresent(StopSignal::end), "stop"));
    return signal;
  }

  /**
   * Ends the process now. {@link Runtime#halt} leaves out what Java would do, but runs the exit
   * handlers of native libraries, and those of libtorch free code that its threads still run.
   */
  @SuppressWarnings("restricted")
  private static void end(int status) {
    try {
      Linker linker = Linker.nativeLinker();
      MethodHandle exit =
          linker.downcallHandle(
              linker.defaultLookup().find("_exit").orElseThrow(),
              FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT));
      exit.invokeExact(status);
    } catch (Throwable e) {
      Runtime.getRuntime().halt(status); // a system without such a function
    }
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

  /** From now on there may be requests to finish: {@link #await} and {@link #finished} follow. */
  void serving() {
    served = true;
  }

  /** The same as a signal, from within. */
  void ask() {
    asked.countDown();
  }

  /** Blocks until the process is told to stop. */
  void await() throws InterruptedException {
    serving();
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
    boolean drains = served;
    asked.countDown();
    if (over) {
      return OptionalInt.empty();
    }
    if (!drains) {
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
