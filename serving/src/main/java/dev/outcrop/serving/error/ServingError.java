package dev.outcrop.serving.error;

import dev.outcrop.models.ErrorCode;
import dev.outcrop.models.ErrorType;

/** The errors of this module, in no API's words. */
public enum ServingError implements ErrorCode {
  /** A body is not JSON, or a field is missing, of the wrong type or out of its bounds. */
  REQUEST_INVALID(ErrorType.USER),
  /** The request asks for something that is not offered. */
  REQUEST_UNSUPPORTED(ErrorType.USER),
  /** A model id is not of any known form. */
  MODEL_ID_INVALID(ErrorType.USER),
  /** No model of this id is served. */
  MODEL_UNKNOWN(ErrorType.USER),
  /** The caller may not call this model. */
  MODEL_DENIED(ErrorType.USER),
  /** Prompt and completion do not fit the model. */
  INPUT_TOO_LONG(ErrorType.USER),
  /** A body is larger than the limit. */
  BODY_TOO_LARGE(ErrorType.USER),
  /** A body took longer to arrive than it may. */
  BODY_TOO_SLOW(ErrorType.USER),
  /** There is no such operation. */
  OPERATION_UNKNOWN(ErrorType.USER),
  /** A file of the operator's is wrong: config or keys. */
  CONFIG_INVALID(ErrorType.USER),
  /** Too much is queued. */
  OVERLOADED(ErrorType.CAPACITY),
  /** The server is on its way out. */
  DRAINING(ErrorType.CAPACITY),
  /** The client closed its connection or stream. */
  CLIENT_GONE(ErrorType.CANCELLED),
  /** The model's engine is dead. */
  MODEL_DEAD(ErrorType.INTERNAL),
  /** The server cannot start. */
  START_FAILED(ErrorType.INTERNAL);

  private final ErrorType type;

  ServingError(ErrorType type) {
    this.type = type;
  }

  @Override
  public ErrorType type() {
    return type;
  }
}
