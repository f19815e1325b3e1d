package dev.outcrop.models;

/**
 * Who has to act on an error; each API translator derives its status from this and nothing else.
 */
public enum ErrorType {
  /** The caller sent something that can never work; the same request will fail again. */
  USER,
  /** There is no room right now; the same request may work later. */
  CAPACITY,
  /** The caller or the operator ended the work. */
  CANCELLED,
  /** A fault of ours or of the machine. */
  INTERNAL
}
