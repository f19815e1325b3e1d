package dev.outcrop.serving.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Batch inference: where the state of jobs is kept, where they may read and write, and how much of
 * it runs at a time.
 *
 * @param folder where the state of jobs is kept; without one there is no batch inference
 * @param locations the {@code s3://BUCKET/PREFIX} and {@code file:///FOLDER} that jobs may use;
 *     {@code {tenant}} stands for the caller's tenant
 * @param s3 the S3 endpoint
 * @param jobsAtOnce jobs that run at a time
 * @param recordsAtOnce records of all jobs that run at a time
 * @param maxJobs jobs of a tenant that have not ended
 * @param maxRecord the longest line of an input file
 * @param maxInput all input files of a job together
 * @param maxRecords records of a job
 * @param keep how long jobs that have ended are remembered
 */
public record BatchJobsConfig(
    @Nullable Path folder,
    List<String> locations,
    S3Config s3,
    int jobsAtOnce,
    int recordsAtOnce,
    int maxJobs,
    ByteSize maxRecord,
    ByteSize maxInput,
    int maxRecords,
    Duration keep) {
  /** No batch inference. */
  public static final BatchJobsConfig DEFAULT =
      new BatchJobsConfig(
          null,
          List.of(),
          S3Config.DEFAULT,
          4,
          16,
          20,
          ByteSize.megabytes(25),
          ByteSize.megabytes(5 * 1_024),
          1_000_000,
          Duration.ofDays(30));

  private static final Pattern LOCATION =
      Pattern.compile("s3://[a-z0-9{][-.a-z0-9{}]{1,61}[a-z0-9}](/.*)?|file:///.+");
  private static final long LONGEST_RECORD = 1L << 30;

  /** Checks the values and copies the list. */
  public BatchJobsConfig {
    locations = List.copyOf(locations);
    for (String location : locations) {
      Check.that(
          LOCATION.matcher(location).matches(),
          "locations must hold only s3://BUCKET/PREFIX and file:///FOLDER");
    }
    Check.range("jobs-at-once", jobsAtOnce, 1, 1_000);
    Check.range("records-at-once", recordsAtOnce, 1, 100_000);
    Check.range("max-jobs", maxJobs, 1, 1_000_000);
    Check.range("max-record", maxRecord.bytes(), 1, LONGEST_RECORD);
    Check.range("max-input", maxInput.bytes(), 1, Long.MAX_VALUE);
    Check.range("max-records", maxRecords, 1, 100_000_000);
    Check.that(!keep.isNegative(), "keep must not be negative");
  }

  /** The same with another folder and other locations. */
  public BatchJobsConfig in(Path otherFolder, List<String> otherLocations) {
    return new BatchJobsConfig(
        otherFolder,
        otherLocations,
        s3,
        jobsAtOnce,
        recordsAtOnce,
        maxJobs,
        maxRecord,
        maxInput,
        maxRecords,
        keep);
  }

  /** The same with a relative path taken from a folder. */
  BatchJobsConfig resolvedAgainst(Path base) {
    return folder == null ? this : in(base.resolve(folder), locations);
  }
}
