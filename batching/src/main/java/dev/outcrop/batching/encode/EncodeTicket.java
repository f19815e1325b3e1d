package dev.outcrop.batching.encode;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Where the answer to one text arrives, exactly once. Any thread. */
public final class EncodeTicket implements AutoCloseable {
  private final CompletableFuture<EncodeAnswer> answer = new CompletableFuture<>();
  private final EncodeItem item;
  private final EncodeDoor door;

  EncodeTicket(EncodeItem item, EncodeDoor door) {
    this.item = item;
    this.door = door;
  }

  /** The answer; blocks until there is one. */
  public EncodeAnswer await() throws InterruptedException {
    try {
      return answer.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("answers are values", e);
    }
  }

  /** The answer, or null when none came in time. */
  public @Nullable EncodeAnswer await(Duration timeout) throws InterruptedException {
    try {
      return answer.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException _) {
      return null;
    } catch (ExecutionException e) {
      throw new IllegalStateException("answers are values", e);
    }
  }

  /** Drops the text if it has not run yet. May be called twice. */
  @Override
  public void close() {
    if (!answer.isDone()) {
      door.cancel(item);
    }
  }

  /** The batcher's thread. */
  void answer(EncodeAnswer what) {
    answer.complete(what);
  }
}
