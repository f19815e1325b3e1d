package dev.outcrop.serving.transport;

/** Whether the client of one request is still there. */
public interface ClientWatch {
  /** Whether the client closed its connection, or reset the request's stream. */
  boolean gone();
}
