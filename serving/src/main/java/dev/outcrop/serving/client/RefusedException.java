package dev.outcrop.serving.client;

import java.io.IOException;

/** A server answered a request with an error. */
public final class RefusedException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int status;

  /**
   * Creates one.
   *
   * @param status the HTTP status
   * @param body what the server said
   */
  public RefusedException(int status, String body) {
    super("the server answered %d: %s".formatted(status, body));
    this.status = status;
  }

  /** The HTTP status. */
  public int status() {
    return status;
  }
}
