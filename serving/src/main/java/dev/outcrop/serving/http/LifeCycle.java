package dev.outcrop.serving.http;

import java.time.Duration;

/** The state of a server and the requests that are in. Safe to use from any thread. */
public final class LifeCycle {
  private ServerState state = new ServerState.Starting("nothing yet");
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

  /** This loads now. */
  public synchronized void loading(String what) {
    if (state instanceof ServerState.Starting starting) {
      state = starting.loading(what);
    }
  }

  /** Requests are taken from now on. */
  public synchronized void serve() {
    if (state instanceof ServerState.Starting starting) {
      state = starting.serve();
    }
  }

  /**
   * The server is not ready from now on, but still takes requests; {@link #drain} is to follow.
   *
   * @return whether this call began it
   */
  public synchronized boolean leave(Duration delay) {
    if (state instanceof ServerState.Serving serving) {
      state = serving.leave(delay);
      return true;
    }
    return false;
  }

  /**
   * No request is taken from now on. It follows {@link #leave}.
   *
   * @return whether this call began the drain
   */
  public synchronized boolean drain(Duration timeout) {
    if (state instanceof ServerState.Leaving leaving) {
      state = leaving.drain(timeout);
      notifyAll();
      return true;
    }
    return false;
  }

  /** The server is gone. */
  public synchronized void stop() {
    state =
        switch (state) {
          case ServerState.Starting starting -> starting.stop();
          case ServerState.Serving serving ->
              serving.leave(Duration.ZERO).drain(Duration.ZERO).stop();
          case ServerState.Leaving leaving -> leaving.drain(Duration.ZERO).stop();
          case ServerState.Draining draining -> draining.stop();
          case ServerState.Stopped stopped -> stopped;
        };
    notifyAll();
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
    if (!(state instanceof ServerState.Serving || state instanceof ServerState.Leaving)) {
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
   * Waits while requests are taken though the server leaves.
   *
   * @return whether they are not taken any more; false where it took too long
   */
  public synchronized boolean awaitDrain(Duration timeout) throws InterruptedException {
    long until = System.nanoTime() + timeout.toNanos();
    while (state instanceof ServerState.Leaving) {
      long left = until - System.nanoTime();
      if (left <= 0) {
        return false;
      }
      wait(Math.max(1, left / 1_000_000));
    }
    return true;
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
