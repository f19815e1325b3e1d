package dev.outcrop.serving.batchjobs;

import dev.outcrop.serving.config.BatchJobsConfig;
import dev.outcrop.serving.http.Api;
import dev.outcrop.serving.json.Json;
import java.time.Clock;
import java.util.concurrent.Semaphore;

/**
 * What all jobs share.
 *
 * @param slots as many records run at a time
 * @param memory the bytes, in units, that lines of running records may take
 */
record JobParts(
    JobStore store,
    Storages storages,
    RecordRunner records,
    Semaphore slots,
    Memory memory,
    BatchJobsConfig limits,
    Json json,
    Clock clock) {
  private static final long MEMORY_SHARE = 8;

  static JobParts of(
      BatchJobsConfig config,
      JobStore store,
      Storages storages,
      Api inference,
      Json json,
      Clock clock) {
    return new JobParts(
        store,
        storages,
        new RecordRunner(inference, json),
        new Semaphore(config.recordsAtOnce(), true),
        Memory.of(Runtime.getRuntime().maxMemory() / MEMORY_SHARE),
        config,
        json,
        clock);
  }
}
