package dev.outcrop.batching;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The tokens of one request, in order, ended by exactly one {@link TokenEvent.Finished} or {@link
 * TokenEvent.Failed}. Read by one thread; the engine thread never waits for it.
 */
public interface TokenStream extends AutoCloseable {
  /** The next event; blocks until there is one. After the last event it returns that again. */
  TokenEvent next() throws InterruptedException;

  /** The next event, or null when none came in time. */
  @Nullable TokenEvent next(Duration timeout) throws InterruptedException;

  /** What the prefix cache did for the prompt; known to whoever has read the first event. */
  PromptCache promptCache();

  /**
   * When the request was queued and first scheduled, null where it never was; settled for whoever
   * has read the first event.
   */
  @Nullable StreamTimes times();

  /** Ends the request if it still runs; its KV is free after the next step. May be called twice. */
  @Override
  void close();
}
