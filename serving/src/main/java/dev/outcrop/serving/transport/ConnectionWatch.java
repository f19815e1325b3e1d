package dev.outcrop.serving.transport;

/** What one connection knows about the end of its client. */
sealed interface ConnectionWatch permits ReadAhead, FrameFilter {
  /**
   * Watches one request. Called on the request's thread after its body was read in full.
   *
   * @param requestId the HTTP/2 stream, or the number of the request on an HTTP/1.1 connection
   */
  ClientWatch watch(int requestId);

  /** What may be sent. */
  SendWindow window();

  /** Nobody watches this request any more. On its thread. */
  void over(int requestId);

  /** The connection is over. */
  void ended();
}
