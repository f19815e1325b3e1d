package dev.outcrop.serving.batchjobs;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.batching.Tier;
import dev.outcrop.serving.auth.Caller;
import dev.outcrop.serving.config.BatchJobsConfig;
import dev.outcrop.serving.http.Api;
import dev.outcrop.serving.json.Json;
import dev.outcrop.serving.testing.Await;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/** The jobs of servers, on a clock that the test sets. */
final class JobServers implements AutoCloseable {
  static final Caller CALLER = new Caller.Tenant("acme", 3, Tier.PRIORITY);
  static final Json PARSER = new Json(1_000_000);

  final AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-11-21T12:00:00Z"));
  final Clock clock = clock(now::get);
  private final List<BatchJobs> opened = new ArrayList<>();

  static Clock clock(Supplier<Instant> now) {
    return new Clock() {
      @Override
      public ZoneId getZone() {
        return ZoneOffset.UTC;
      }

      @Override
      public Clock withZone(ZoneId zone) {
        return this;
      }

      @Override
      public Instant instant() {
        return now.get();
      }
    };
  }

  /** A halt that nobody has told. */
  static Halt untold() {
    return new Halt(Clock.systemUTC(), Instant.MAX);
  }

  BatchJobs open(JobFolder in, Api with) throws IOException {
    return open(in.config(), with);
  }

  BatchJobs open(BatchJobsConfig config, Api with) throws IOException {
    BatchJobs jobs = BatchJobs.open(config, config.folder(), with, PARSER, clock);
    opened.add(jobs);
    jobs.start();
    return jobs;
  }

  static Job submit(BatchJobs jobs, ObjectNode request) throws IOException {
    return submit(jobs, request, CALLER);
  }

  static Job submit(BatchJobs jobs, ObjectNode request, Caller caller) throws IOException {
    return ((BatchJobs.Outcome.Done) jobs.create(JobRequest.read(request), caller)).job();
  }

  static void awaitEnd(Job job) throws InterruptedException {
    Await.until(() -> job.state().status().ended());
  }

  @Override
  public void close() {
    opened.forEach(BatchJobs::close);
  }
}
