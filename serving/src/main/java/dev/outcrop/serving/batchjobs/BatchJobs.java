package dev.outcrop.serving.batchjobs;

import dev.outcrop.serving.auth.Caller;
import dev.outcrop.serving.config.BatchJobsConfig;
import dev.outcrop.serving.http.Api;
import dev.outcrop.serving.json.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All jobs of a server: those that wait, those that run, and those that ended not too long ago.
 * Safe to use from any thread.
 */
final class BatchJobs implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(BatchJobs.class);
  private static final int ID_LENGTH = 12;
  private static final String ID_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";
  private static final Duration LAST_WORDS = Duration.ofSeconds(10);

  private final BatchJobsConfig config;
  private final Clock clock;
  private final JobStore store;
  private final JobParts parts;
  private final SecureRandom random = new SecureRandom();

  /** In the order in which they were submitted. */
  private final Map<String, Job> jobs = new LinkedHashMap<>();

  private final Map<String, Running> running = new HashMap<>();

  /** Jobs that could not go on; they wait for the next start of the server. */
  private final Set<String> stuck = new HashSet<>();

  private boolean ending;
  private long endNanos;
  private boolean closed;

  /** A job that runs. */
  private record Running(Job job, Halt halt) {}

  /** What came of a wish. */
  sealed interface Outcome {
    /** The job is there. */
    record Done(Job job) implements Outcome {}

    /** It cannot be. */
    record Conflict(String message) implements Outcome {}

    /** The tenant has too many. */
    record TooMany(String message) implements Outcome {}
  }

  private BatchJobs(BatchJobsConfig config, Clock clock, JobStore store, JobParts parts) {
    this.config = config;
    this.clock = clock;
    this.store = store;
    this.parts = parts;
  }

  /** Opens the jobs of a folder; nothing runs yet. */
  static BatchJobs open(
      BatchJobsConfig config, Path folder, Api inference, Json json, Clock clock) {
    Storages storages =
        new Storages(new Locations(config.locations(), folder), new BucketStorage(config.s3()));
    JobStore store = JobStore.open(folder, json);
    return new BatchJobs(
        config, clock, store, JobParts.of(config, store, storages, inference, json, clock));
  }

  /** Reads the jobs from disk and goes on with those that have not ended. */
  synchronized void start() throws IOException {
    List<Job> found = new ArrayList<>(store.load());
    found.sort(JobQuery.OLDEST_FIRST);
    found.forEach(job -> jobs.put(job.id(), job));
    forget();
    startNext();
  }

  /** Creates a job, or finds the one that the same request created before. */
  synchronized Outcome create(JobRequest request, Caller caller) throws IOException {
    forget();
    long open = 0;
    for (Job job : jobs.values()) {
      expire(job);
      if (job.owner().tenant().equals(caller.tenant())) {
        if (request.token() != null && request.token().equals(job.request().token())) {
          return request.sameAs(job.request())
              ? new Outcome.Done(job)
              : new Outcome.Conflict("clientRequestToken was used for another request.");
        }
        open += job.state().status().ended() ? 0 : 1;
      }
    }
    if (open >= config.maxJobs()) {
      return new Outcome.TooMany(
          "At most %d jobs may be submitted or in progress.".formatted(config.maxJobs()));
    }
    parts.storages().check(request.input(), caller.tenant());
    parts.storages().check(request.output(), caller.tenant());
    Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
    Job job =
        new Job(
            newId(),
            new Job.Owner(caller.tenant(), caller.weight()),
            request,
            now,
            JobState.submitted(now),
            store);
    store.create(job);
    jobs.put(job.id(), job);
    startNext();
    return new Outcome.Done(job);
  }

  /** A job of the caller's. */
  synchronized Optional<Job> find(String id, Caller caller) {
    Optional<Job> found =
        Optional.ofNullable(jobs.get(id))
            .filter(job -> job.owner().tenant().equals(caller.tenant()));
    found.ifPresent(this::expire);
    return found;
  }

  /** All jobs of the caller's, the oldest first. */
  synchronized List<Job> all(Caller caller) {
    List<Job> all =
        jobs.values().stream().filter(job -> job.owner().tenant().equals(caller.tenant())).toList();
    all.forEach(this::expire);
    return all;
  }

  /** Tells a job to stop. */
  synchronized Outcome stop(Job job) throws IOException {
    JobStatus status = job.state().status();
    if (status.ended()) {
      return new Outcome.Conflict("The job has ended, its status is %s.".formatted(status.word()));
    }
    Running run = running.get(job.id());
    if (run == null && job.state().files().isEmpty()) {
      job.update(state -> state.at(JobStatus.STOPPED, null, clock.instant()));
      store.clean(job.id(), false);
      return new Outcome.Done(job);
    }
    job.update(state -> state.at(JobStatus.STOPPING, null, clock.instant()));
    if (run == null) {
      // It ran before the server's start: its turn will write what was finished.
      stuck.remove(job.id());
      startNext();
    } else {
      run.halt().now(Halt.Reason.STOPPED);
    }
    return new Outcome.Done(job);
  }

  /**
   * Ends a job whose time ran out before its turn came; what has records to write gets its turn.
   */
  private void expire(Job job) {
    JobState state = job.state();
    Instant expires = job.expires();
    if (!state.status().ended()
        && state.files().isEmpty()
        && !running.containsKey(job.id())
        && !clock.instant().isBefore(expires)) {
      try {
        job.update(before -> before.at(JobStatus.EXPIRED, null, expires));
        store.clean(job.id(), false);
      } catch (IOException e) {
        LOG.warn("the state of job {} cannot be written: {}", job.id(), e.toString());
      }
    }
  }

  /** Starts jobs while there is room, of the tenants that have the fewest running. */
  private void startNext() {
    jobs.values().forEach(this::expire);
    while (!ending && running.size() < config.jobsAtOnce()) {
      Job next = next();
      if (next == null) {
        return;
      }
      Halt halt = new Halt(clock, next.expires());
      if (next.state().status() == JobStatus.STOPPING) {
        halt.now(Halt.Reason.STOPPED);
      }
      JobRun run = new JobRun(next, halt, parts);
      running.put(next.id(), new Running(next, halt));
      Thread.ofVirtual().name("job-" + next.id()).start(() -> run(next, run));
    }
  }

  private @Nullable Job next() {
    Map<String, Integer> byTenant = new HashMap<>();
    running.values().forEach(run -> byTenant.merge(run.job().owner().tenant(), 1, Integer::sum));
    Job best = null;
    int fewest = Integer.MAX_VALUE;
    for (Job job : jobs.values()) {
      int others = byTenant.getOrDefault(job.owner().tenant(), 0);
      boolean waits = !running.containsKey(job.id()) && !stuck.contains(job.id());
      if (waits && !job.state().status().ended() && others < fewest) {
        best = job;
        fewest = others;
      }
    }
    return best;
  }

  private void run(Job job, JobRun run) {
    try {
      run.run();
    } catch (InterruptedException e) {
      // Nobody interrupts it; what is not finished goes on after the next start.
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      LOG.error("job {} met a fault: {}", job.id(), e.getClass().getName());
    } finally {
      over(job);
    }
  }

  private synchronized void over(Job job) {
    running.remove(job.id());
    if (job.state().status().ended()) {
      LOG.info("job {} is {}", job.id(), job.state().status().word());
    } else if (!ending) {
      LOG.error("job {} waits for the next start of the server", job.id());
      stuck.add(job.id());
    }
    if (!ending) {
      startNext();
    }
    release();
    notifyAll();
  }

  private void forget() {
    Instant oldest = clock.instant().minus(config.keep());
    jobs.values()
        .removeIf(
            job -> {
              Instant ended = job.state().ended();
              boolean old = ended != null && ended.isBefore(oldest);
              if (old) {
                store.drop(job.id());
              }
              return old;
            });
  }

  private String newId() {
    StringBuilder id = new StringBuilder();
    do {
      id.setLength(0);
      random.ints(ID_LENGTH, 0, ID_LETTERS.length()).forEach(i -> id.append(ID_LETTERS.charAt(i)));
    } while (jobs.containsKey(id.toString()));
    return id.toString();
  }

  /**
   * Tells what runs to end; it goes on after the next start. Returns at once.
   *
   * @param within how long {@link #close} may wait for it, counted from now
   */
  synchronized void end(Duration within) {
    if (!ending) {
      ending = true;
      endNanos =
          System.nanoTime() + (within.compareTo(LAST_WORDS) < 0 ? within : LAST_WORDS).toNanos();
      running.values().forEach(run -> run.halt().now(Halt.Reason.CLOSED));
    }
  }

  /** Ends what runs and waits for that, but not long; the folder is given back after the last. */
  @Override
  public synchronized void close() {
    end(LAST_WORDS);
    if (closed) {
      return;
    }
    closed = true;
    release();
    try {
      long left = endNanos - System.nanoTime();
      while (!running.isEmpty() && left > 0) {
        TimeUnit.NANOSECONDS.timedWait(this, left);
        left = endNanos - System.nanoTime();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (!running.isEmpty()) {
      LOG.warn("{} jobs have not ended yet, their folder stays locked", running.size());
    }
  }

  /** Whoever ends last gives the folder back, so that nobody else writes there before. */
  private void release() {
    if (closed && running.isEmpty()) {
      parts.storages().close();
      store.close();
    }
  }
}
