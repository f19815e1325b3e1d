package dev.outcrop.batching.loop;

import dev.outcrop.models.OutcropException;

/**
 * The life of an engine loop. Each method is a transition and answers the state after it; a
 * transition that is late (a drain after the end) changes nothing.
 */
sealed interface LoopState {
  /** No new requests. */
  LoopState drain();

  /** No requests at all: those that are in end with an error. */
  LoopState stop();

  /** The engine cannot go on. */
  LoopState die(OutcropException error);

  /** Takes requests. */
  record Serving() implements LoopState {
    @Override
    public LoopState drain() {
      return new Draining();
    }

    @Override
    public LoopState stop() {
      return new Stopped();
    }

    @Override
    public LoopState die(OutcropException error) {
      return new Dead(error);
    }
  }

  /** Refuses new requests and finishes those that are in. */
  record Draining() implements LoopState {
    @Override
    public LoopState drain() {
      return this;
    }

    @Override
    public LoopState stop() {
      return new Stopped();
    }

    @Override
    public LoopState die(OutcropException error) {
      return new Dead(error);
    }
  }

  /** Closed by its owner. */
  record Stopped() implements LoopState {
    @Override
    public LoopState drain() {
      return this;
    }

    @Override
    public LoopState stop() {
      return this;
    }

    @Override
    public LoopState die(OutcropException error) {
      return this;
    }
  }

  /** The engine is lost, and with it the process. */
  record Dead(OutcropException error) implements LoopState {
    @Override
    public LoopState drain() {
      return this;
    }

    @Override
    public LoopState stop() {
      return this;
    }

    @Override
    public LoopState die(OutcropException another) {
      return this;
    }
  }
}
