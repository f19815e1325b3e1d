package dev.outcrop.serving.generate;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.error.ServingError;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Lets long texts through the tokenizers of a server a few at a time. A tokenizer holds the thread
 * that carries the request's for as long as it works; long texts must not take all of these at
 * once. Safe to use from any thread.
 */
public final class LongTexts {
  private static final int LONG = 65_536;
  private static final int LOOK_MILLIS = 100;

  private final Semaphore turns =
      new Semaphore(Math.max(1, Runtime.getRuntime().availableProcessors() - 1), true);

  /** Creates one, for all services of a server. */
  public LongTexts() {}

  /**
   * Encodes at once, or when its turn comes.
   *
   * @param characters of all texts that are encoded
   * @param gone whether the client has gone away
   */
  public <T> T encode(long characters, BooleanSupplier gone, Supplier<T> encoding)
      throws InterruptedException {
    if (characters < LONG) {
      return encoding.get();
    }
    while (!turns.tryAcquire(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
      if (gone.getAsBoolean()) {
        throw new OutcropException(ServingError.CLIENT_GONE, "the client went away");
      }
    }
    try {
      return encoding.get();
    } finally {
      turns.release();
    }
  }
}
