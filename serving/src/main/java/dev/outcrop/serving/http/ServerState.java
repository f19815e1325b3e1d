package dev.outcrop.serving.http;

import java.time.Duration;

/** Where a server is in its life. A transition that is not a method cannot happen. */
public sealed interface ServerState {
  /**
   * Models load; only the management port is open.
   *
   * @param loading what loads at the moment
   */
  record Starting(String loading) implements ServerState {
    Starting loading(String next) {
      return new Starting(next);
    }

    Serving serve() {
      return new Serving();
    }

    Stopped stop() {
      return new Stopped();
    }
  }

  /** Requests are taken. */
  record Serving() implements ServerState {
    Leaving leave(Duration delay) {
      return new Leaving(delay);
    }
  }

  /**
   * Requests are still taken, but whoever sends them is told to look elsewhere.
   *
   * @param delay for how long
   */
  record Leaving(Duration delay) implements ServerState {
    Draining drain(Duration timeout) {
      return new Draining(timeout);
    }
  }

  /**
   * No request is taken; those that are in go on.
   *
   * @param timeout how long they may
   */
  record Draining(Duration timeout) implements ServerState {
    Stopped stop() {
      return new Stopped();
    }
  }

  /** Ports are closed. */
  record Stopped() implements ServerState {}
}
