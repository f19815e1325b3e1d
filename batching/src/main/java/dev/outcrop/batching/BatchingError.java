package dev.outcrop.batching;

import dev.outcrop.models.ErrorCode;
import dev.outcrop.models.ErrorType;

/** The errors of this module, as {@link TokenEvent.Failed} brings them. */
public enum BatchingError implements ErrorCode {
  /** The batcher was closed before the generation was over. */
  BATCHER_CLOSED(ErrorType.CANCELLED),
  /** The engine had no token for this sequence, or handling it failed; the others go on. */
  SEQUENCE_FAILED(ErrorType.INTERNAL);

  private final ErrorType type;

  BatchingError(ErrorType type) {
    this.type = type;
  }

  @Override
  public ErrorType type() {
    return type;
  }
}
