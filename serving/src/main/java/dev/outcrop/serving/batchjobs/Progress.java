package dev.outcrop.serving.batchjobs;

/**
 * Records and tokens of a job.
 *
 * @param total records of the input
 * @param success records with an answer
 * @param error records with an error
 */
record Progress(long total, long success, long error, long inputTokens, long outputTokens) {
  static final Progress NONE = new Progress(0, 0, 0, 0, 0);

  long processed() {
    return success + error;
  }

  Progress withTotal(long records) {
    return new Progress(records, success, error, inputTokens, outputTokens);
  }

  /** One more record. */
  Progress plus(boolean answered, long input, long output) {
    return new Progress(
        total,
        success + (answered ? 1 : 0),
        error + (answered ? 0 : 1),
        inputTokens + input,
        outputTokens + output);
  }

  /** The records of both; the total stays. */
  Progress plus(Progress other) {
    return new Progress(
        total,
        success + other.success,
        error + other.error,
        inputTokens + other.inputTokens,
        outputTokens + other.outputTokens);
  }
}
