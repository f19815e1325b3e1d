package dev.outcrop.serving.http;

import java.time.Duration;

/** Where a server is in its life. A transition that is not a method cannot happen. */
public sealed interface ServerState {
  /** Ports are not open yet. */
  record Starting() implements ServerState {
    Serving serve() {
      return new Serving();
    }

    Stopped stop() {
      return new Stopped();
    }
  }

  /** Requests are taken. */
  record Serving() implements ServerState {
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
