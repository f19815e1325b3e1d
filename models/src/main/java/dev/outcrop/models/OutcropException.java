package dev.outcrop.models;

import org.jspecify.annotations.Nullable;

/**
 * The one exception of the code base. Expected refusals are values, not exceptions; this is for the
 * rest.
 *
 * <p>The message may be shown to a client when the code's type is {@link ErrorType#USER} or {@link
 * ErrorType#CAPACITY}, so it never holds prompt text, completion text, credentials or a stack.
 */
public final class OutcropException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient ErrorCode code;

  /** Creates an error with a message that is safe to show. */
  public OutcropException(ErrorCode code, String message) {
    this(code, message, null);
  }

  /** Creates an error with a message that is safe to show and the fault behind it. */
  public OutcropException(ErrorCode code, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.code = code;
  }

  /** What kind of error this is. */
  public ErrorCode code() {
    return code;
  }
}
