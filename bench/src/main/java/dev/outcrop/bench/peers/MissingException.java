package dev.outcrop.bench.peers;

/** A contestant that cannot be had here; the others still run. */
final class MissingException extends Exception {
  private static final long serialVersionUID = 1L;

  /** With the reason, in one line. */
  MissingException(String reason) {
    super(reason);
  }

  /** The reason. */
  String reason() {
    return String.valueOf(getMessage());
  }
}
