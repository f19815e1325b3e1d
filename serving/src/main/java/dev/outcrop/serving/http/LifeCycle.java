package dev.outcrop.serving.http;

import java.time.Duration;

/** The state of a server and the requests that are in. Safe to use from any thread. */
public final class LifeCycle {
  private ServerState state = new ServerState.Starting();
  private int inFlight;

  /** Creates one that is starting. */
  public LifeCycle() {}

  /** The state of the moment. */
  public synchronized ServerState state() {
    return state;
  }

  /** Requests that are in. */
  public synchronized int inFlight() {
    return inFlight;
  }

  /** Requests are taken from now on. */
  public synchronized void serve() {
    if (state instanceof ServerState.Starting starting) {
      state = starting.serve();
    }
  }

  /**
   * No request is taken from now on.
   *
   * @return whether this call began the drain
   */
  public synchronized boolean drain(Duration timeout) {
    if (state instanceof ServerState.Serving serving) {
      state = serving.drain(timeout);
      return true;
    }
    return false;
  }

  /** The server is gone. */
  public synchronized void stop() {
    state =
        switch (state) {
          case ServerState.Starting starting -> starting.stop();
          case ServerState.Serving serving -> serving.drain(Duration.ZERO).stop();
          case ServerState.Draining draining -> draining.stop();
          case ServerState.Stopped stopped -> stopped;
        };
  }

  /** What came of a request's wish to come in. */
  public enum Entry {
    /** It is in, and has to {@link #leave}. */
    IN,
    /** The server takes no requests. */
    CLOSED,
    /** Too many are in. */
    FULL
  }

  /** Lets a request in if the server takes any and fewer than the limit are in. */
  public synchronized Entry enter(int limit) {
    if (!(state instanceof ServerState.Serving)) {
      return Entry.CLOSED;
    }
    if (inFlight >= limit) {
      return Entry.FULL;
    }
    inFlight++;
    return Entry.IN;
  }

  /** A request is out. */
  public synchronized void leave() {
    inFlight--;
    notifyAll();
  }

  /**
   * Waits until no request is in.
   *
   * @return whether that came in time
   */
  public synchronized boolean awaitEmpty(Duration timeout) throws InterruptedException {
    long until = System.nanoTime() + timeout.toNanos();
    while (inFlight > 0) {
      long left = until - System.nanoTime();
      if (left <= 0) {
        return false;
      }
      wait(Math.max(1, left / 1_000_000));
    }
    return true;
  }
}
