package dev.outcrop.models;

/** The errors of this module. */
public enum ModelError implements ErrorCode {
  /** A file of the checkpoint is missing, truncated, hostile or contradicts another. */
  CHECKPOINT_INVALID(ErrorType.USER),
  /** The checkpoint is sound but of a kind that is not supported; the message lists what is. */
  CHECKPOINT_UNSUPPORTED(ErrorType.USER),
  /** The device or the host has not the memory that was asked for. */
  OUT_OF_MEMORY(ErrorType.USER),
  /** A device that was asked for is not there, or libtorch was not built for it. */
  DEVICE_MISSING(ErrorType.USER),
  /** The chat template refused the conversation (raise_exception) or cannot be evaluated. */
  TEMPLATE_FAILED(ErrorType.USER),
  /** A schema, regular expression or the like that an answer has to follow cannot be enforced. */
  GRAMMAR_REFUSED(ErrorType.USER),
  /** Too many schemas, regular expressions and the like wait to be compiled. */
  COMPILER_BUSY(ErrorType.CAPACITY),
  /** A step of the engine failed; the sequences of the step are lost, the engine goes on. */
  STEP_FAILED(ErrorType.INTERNAL),
  /** The engine cannot go on; the process has to be replaced. */
  ENGINE_DEAD(ErrorType.INTERNAL);

  private final ErrorType type;

  ModelError(ErrorType type) {
    this.type = type;
  }

  @Override
  public ErrorType type() {
    return type;
  }
}
