package dev.outcrop.models;

/** A stable name for one kind of error. Every module brings an enum of its own codes. */
public interface ErrorCode {
  /** Stable, upper-case, for logs and metrics. */
  String name();

  /** Who has to act. */
  ErrorType type();
}
