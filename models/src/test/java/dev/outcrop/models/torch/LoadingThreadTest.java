package dev.outcrop.models.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Loads run on a thread that is gone afterwards, and fail as if they had run on the caller's. */
class LoadingThreadTest {
  @Test
  void runsOnAThreadThatEnds() {
    Thread thread = LoadingThread.call(Thread::currentThread);
    assertNotSame(Thread.currentThread(), thread);
    assertFalse(thread.isAlive());
  }

  @Test
  void throwsWhatTheLoadThrew() {
    OutcropException failure = new OutcropException(ModelError.CHECKPOINT_INVALID, "short");
    assertSame(
        failure, assertThrows(OutcropException.class, () -> LoadingThread.call(fail(failure))));
    StackOverflowError error = new StackOverflowError();
    assertSame(
        error, assertThrows(StackOverflowError.class, () -> LoadingThread.call(fail(error))));
  }

  @Test
  void anInterruptWaitsForTheLoad() {
    Thread.currentThread().interrupt();
    String loaded =
        LoadingThread.call(
            () -> {
              Thread.yield();
              return "loaded";
            });
    assertEquals("loaded", loaded);
    assertTrue(Thread.interrupted());
  }

  private static Supplier<String> fail(Throwable failure) {
    return () -> {
      if (failure instanceof RuntimeException exception) {
        throw exception;
      }
      throw (Error) failure;
    };
  }
}
