package dev.outcrop.serving.transport;

/**
 * How a connection that is to end does so without losing a request: its client is told to send the
 * next one elsewhere, and what is open goes on. Times are those of {@link System#nanoTime}.
 */
sealed interface ConnectionEnd permits Http1End, Http2End {
  /** The connection is to end from now on. From any thread. */
  void retire(long now);

  /**
   * A request began. On its thread, before it is answered.
   *
   * @return whether its answer has to say that it is the last one
   */
  boolean begun(long now);

  /** Does what has become due. On the watchdog's thread, which must not wait for a client. */
  void look(long now);
}
