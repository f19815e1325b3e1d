package dev.outcrop.batching;

import java.time.Duration;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Hands the events of one stream from the engine's thread to the one thread that reads it. Adding
 * never waits, takes no lock, and wakes the reader only where that sleeps.
 */
public final class TokenQueue {
  private final ConcurrentLinkedQueue<TokenEvent> events = new ConcurrentLinkedQueue<>();
  private volatile @Nullable Thread sleeper;
  private @Nullable TokenEvent last;

  /** Creates an empty queue. */
  public TokenQueue() {}

  /** Adds an event; from any thread. */
  public void add(TokenEvent event) {
    events.add(event);
    Thread thread = sleeper;
    if (thread != null) {
      LockSupport.unpark(thread);
    }
  }

  /** The next event; waits for it. After the last event it returns that again. Its reader only. */
  public TokenEvent next() throws InterruptedException {
    TokenEvent event = poll();
    while (event == null) {
      event = await(0);
    }
    return event;
  }

  /** The next event, or null where none comes in time. Its reader only. */
  public @Nullable TokenEvent next(Duration timeout) throws InterruptedException {
    TokenEvent event = poll();
    if (event != null || !timeout.isPositive()) {
      return event;
    }
    long end = System.nanoTime() + timeout.toNanos();
    for (long left = timeout.toNanos(); event == null && left > 0; left = end - System.nanoTime()) {
      event = await(left);
    }
    return event;
  }

  /** Sleeps until an event may be there; 0 nanoseconds are for ever. */
  private @Nullable TokenEvent await(long nanos) throws InterruptedException {
    sleeper = Thread.currentThread();
    try {
      TokenEvent event = poll();
      if (event != null) {
        return event;
      }
      if (nanos > 0) {
        LockSupport.parkNanos(this, nanos);
      } else {
        LockSupport.park(this);
      }
    } finally {
      sleeper = null;
    }
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    return poll();
  }

  private @Nullable TokenEvent poll() {
    TokenEvent end = last;
    if (end != null) {
      return end;
    }
    TokenEvent event = events.poll();
    switch (event) {
      case null -> {}
      case TokenEvent.Token _ -> {}
      case TokenEvent.Finished finished -> last = finished;
      case TokenEvent.Failed failed -> last = failed;
    }
    return event;
  }
}
