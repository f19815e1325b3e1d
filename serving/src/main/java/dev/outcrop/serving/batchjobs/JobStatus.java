package dev.outcrop.serving.batchjobs;

import java.util.Optional;
import java.util.stream.Stream;

/** Where a job is, in the words of the API (ModelInvocationJobStatus). */
enum JobStatus {
  /** It waits for its turn. */
  SUBMITTED("Submitted", false),
  /** Its input is looked at and copied. */
  VALIDATING("Validating", false),
  /** Part of the API; no job of this server is ever in it. */
  SCHEDULED("Scheduled", false),
  /** Its records run. */
  IN_PROGRESS("InProgress", false),
  /** It was told to stop; what is finished is written. */
  STOPPING("Stopping", false),
  /** It was stopped. */
  STOPPED("Stopped", true),
  /** Every record has an answer or an error. */
  COMPLETED("Completed", true),
  /** Its time ran out after some of its records. */
  PARTIALLY_COMPLETED("PartiallyCompleted", true),
  /** Its time ran out before any record. */
  EXPIRED("Expired", true),
  /** Its input cannot be read, or its output cannot be written. */
  FAILED("Failed", true);

  private final String word;
  private final boolean ended;

  JobStatus(String word, boolean ended) {
    this.word = word;
    this.ended = ended;
  }

  String word() {
    return word;
  }

  /** Whether it never changes again. */
  boolean ended() {
    return ended;
  }

  static Optional<JobStatus> of(String word) {
    return Stream.of(values()).filter(status -> status.word.equals(word)).findFirst();
  }
}
