package dev.outcrop.serving.batchjobs;

import dev.outcrop.serving.config.BatchJobsConfig;
import dev.outcrop.serving.json.Fields;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Copies the input of a job, once, so that whatever becomes of the original afterwards changes
 * nothing. On the job's thread.
 */
final class JobInput {
  private JobInput() {}

  /** Copies all files and counts their records; none where a halt came before that was done. */
  static List<JobState.InputFile> copy(Job job, JobParts parts, Halt halt) throws IOException {
    JobRequest.Where input = job.request().input();
    BatchJobsConfig limits = parts.limits();
    List<Storage.Source> sources = parts.storages().sources(input, job.owner().tenant());
    if (sources.isEmpty()) {
      throw Fields.invalid("%s holds no .jsonl file".formatted(input.uri()));
    }
    List<JobState.InputFile> files = new ArrayList<>();
    long bytes = limits.maxInput().bytes();
    long records = 0;
    for (Storage.Source source : sources) {
      Path copy = parts.store().input(job.id(), files.size());
      long lines = copy(source, copy, bytes, halt);
      if (halt.gone()) {
        return List.of();
      }
      if (lines < 0) {
        throw Fields.invalid(
            "The input has more than %d bytes".formatted(limits.maxInput().bytes()));
      }
      bytes -= Files.size(copy);
      records += lines;
      if (records > limits.maxRecords()) {
        throw Fields.invalid("The input has more than %d records".formatted(limits.maxRecords()));
      }
      files.add(new JobState.InputFile(source.name(), (int) lines, false));
    }
    if (records == 0) {
      throw Fields.invalid("%s holds no record".formatted(input.uri()));
    }
    return files;
  }

  private static long copy(Storage.Source source, Path copy, long mostBytes, Halt halt)
      throws IOException {
    try (OutputStream out = Files.newOutputStream(copy);
        InputStream in = source.open()) {
      return Lines.copy(in, out, mostBytes, halt::gone);
    }
  }
}
