package dev.outcrop.serving.batchjobs;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What changes of a job.
 *
 * @param message why it is so, where it failed
 * @param modified when the status changed
 * @param ended when it ended
 * @param files its input, empty until that was copied
 */
record JobState(
    JobStatus status,
    @Nullable String message,
    Instant modified,
    @Nullable Instant ended,
    List<InputFile> files,
    Progress progress) {
  /**
   * A file of the input.
   *
   * @param published whether its output is written
   */
  record InputFile(String name, int records, boolean published) {}

  JobState {
    files = List.copyOf(files);
  }

  static JobState submitted(Instant now) {
    return new JobState(JobStatus.SUBMITTED, null, now, null, List.of(), Progress.NONE);
  }

  JobState at(JobStatus next, @Nullable String why, Instant now) {
    return new JobState(next, why, now, next.ended() ? now : null, files, progress);
  }

  JobState with(Progress other) {
    return new JobState(status, message, modified, ended, files, other);
  }

  JobState with(List<InputFile> input) {
    long records = input.stream().mapToLong(InputFile::records).sum();
    return new JobState(status, message, modified, ended, input, progress.withTotal(records));
  }

  JobState published(int file) {
    List<InputFile> changed = new ArrayList<>(files);
    InputFile before = changed.get(file);
    changed.set(file, new InputFile(before.name(), before.records(), true));
    return new JobState(status, message, modified, ended, changed, progress);
  }
}
