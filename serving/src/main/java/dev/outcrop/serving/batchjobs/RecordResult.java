package dev.outcrop.serving.batchjobs;

/**
 * What came of a record.
 *
 * @param answered whether it has an answer, else an error
 * @param line the line of the output, without its end
 */
record RecordResult(boolean answered, int inputTokens, int outputTokens, byte[] line) {
  /** Redacted: prompts and completions are never logged. */
  @Override
  public String toString() {
    return "RecordResult[answered=%s, bytes=%d]".formatted(answered, line.length);
  }
}
