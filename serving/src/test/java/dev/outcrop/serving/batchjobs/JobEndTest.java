package dev.outcrop.serving.batchjobs;

import static dev.outcrop.serving.batchjobs.JobServers.CALLER;
import static dev.outcrop.serving.batchjobs.JobServers.awaitEnd;
import static dev.outcrop.serving.batchjobs.JobServers.submit;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.config.S3Config;
import dev.outcrop.serving.testing.Await;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How jobs end that do not run to their end. */
final class JobEndTest {
  private final JobServers servers = new JobServers();
  @TempDir private Path temp;
  private JobFolder folder;
  private FakeInference inference;

  @BeforeEach
  void prepare() {
    folder = new JobFolder(temp.resolve("one"));
    inference = new FakeInference();
  }

  @AfterEach
  void close() {
    servers.close();
  }

  @Test
  void stopsWithWhatIsFinished() throws Exception {
    BatchJobs jobs = servers.open(folder, inference);
    Job job = submit(jobs, folder.request(folder.writeRecords("a.jsonl", 50)));
    inference.open.release(20);
    Await.until(() -> job.state().progress().processed() == 20);
    jobs.stop(job);
    awaitEnd(job);

    assertThat(job.state().status()).isEqualTo(JobStatus.STOPPED);
    assertThat(folder.output(job.id(), "a.jsonl.out")).hasSize(20);
    assertThat(folder.manifest(job.id()).get("processedRecordCount").asInt()).isEqualTo(20);
    assertThat(folder.manifest(job.id()).get("totalRecordCount").asInt()).isEqualTo(50);
    assertThat(jobs.stop(job)).isInstanceOf(BatchJobs.Outcome.Conflict.class);
  }

  @Test
  void stopsWithWhatAnEarlierServerFinished() throws Exception {
    BatchJobs jobs = servers.open(folder, inference);
    ObjectNode request = folder.request(folder.writeRecords("a.jsonl", 50));
    Job job = submit(jobs, request);
    inference.open.release(20);
    Await.until(() -> job.state().progress().processed() == 20);
    servers.now.updateAndGet(time -> time.minusMillis(1));
    Job other = submit(jobs, request); // first in the order of the next start
    Await.until(() -> !other.state().files().isEmpty());
    jobs.close();

    BatchJobs again = servers.open(folder.config(1), new FakeInference());
    Job waits = again.find(job.id(), CALLER).orElseThrow();
    again.stop(waits);
    assertThat(waits.state().status()).isEqualTo(JobStatus.STOPPING);
    again.stop(again.find(other.id(), CALLER).orElseThrow());
    awaitEnd(waits);

    assertThat(waits.state().status()).isEqualTo(JobStatus.STOPPED);
    assertThat(folder.output(waits.id(), "a.jsonl.out")).hasSize(20);
  }

  @Test
  void endsAfterItsTimeWithWhatIsFinished() throws Exception {
    BatchJobs jobs = servers.open(folder, inference);
    ObjectNode request = folder.request(folder.writeRecords("a.jsonl", 50));
    Job some = submit(jobs, request.put("timeoutDurationInHours", 30));
    inference.open.release(20);
    Await.until(() -> some.state().progress().processed() == 20);
    servers.now.updateAndGet(time -> time.plus(Duration.ofHours(30)).minusMillis(1));
    inference.open.release(1);
    Await.until(() -> some.state().progress().processed() == 21);
    Job none = submit(jobs, request.put("timeoutDurationInHours", 24));
    servers.now.updateAndGet(time -> time.plusMillis(1));
    awaitEnd(some);
    assertThat(some.state().status()).isEqualTo(JobStatus.PARTIALLY_COMPLETED);
    assertThat(folder.output(some.id(), "a.jsonl.out")).hasSize(21);
    servers.now.updateAndGet(time -> time.plus(Duration.ofHours(24)));
    awaitEnd(none);
    assertThat(none.state().status()).isEqualTo(JobStatus.EXPIRED);
  }

  @Test
  void expiresWhileItWaitsForItsTurn() throws Exception {
    BatchJobs jobs = servers.open(folder.config(1), inference);
    ObjectNode request = folder.request(folder.writeRecords("a.jsonl", 1));
    Job first = submit(jobs, request.put("timeoutDurationInHours", 48));
    Job second = submit(jobs, request.put("timeoutDurationInHours", 24));
    Await.until(() -> inference.begun.size() == 1);
    servers.now.updateAndGet(time -> time.plus(Duration.ofHours(24)));
    Job found = jobs.find(second.id(), CALLER).orElseThrow();

    assertThat(found.state().status()).isEqualTo(JobStatus.EXPIRED);
    assertThat(found.state().ended()).isEqualTo(second.expires());
    assertThat(first.state().status()).isEqualTo(JobStatus.IN_PROGRESS);
    inference.free();
    awaitEnd(first);
    assertThat(inference.begun).hasSize(1);
    assertThat(folder.data().resolve("out").resolve(second.id())).doesNotExist();
  }

  @Test
  void isStoppedWhereTheServerDiedBeforeItsInputWasCopied() throws Exception {
    try (JobStore store = JobStore.open(folder.state(), JobServers.PARSER)) {
      create(store, JobStatus.STOPPING, folder.writeRecords("a.jsonl", 1));
    }
    Job job = servers.open(folder, inference.free()).all(CALLER).getFirst();
    awaitEnd(job);

    assertThat(job.state().status()).isEqualTo(JobStatus.STOPPED);
    assertThat(inference.begun).isEmpty();
  }

  private Job create(JobStore store, JobStatus status, String input) throws IOException {
    Job job =
        new Job(
            "abcdefghijkl",
            new Job.Owner("acme", 1),
            JobRequest.read(folder.request(input)),
            servers.now.get(),
            JobState.submitted(servers.now.get()),
            store);
    store.create(job);
    job.update(state -> state.at(status, null, servers.now.get()));
    return job;
  }

  /** Runs a job on the thread of the test. */
  private void run(Job job, JobStore store, Halt halt) throws InterruptedException {
    try (Storages storages =
        new Storages(
            new Locations(folder.config().locations(), folder.state()),
            new BucketStorage(S3Config.DEFAULT))) {
      new JobRun(
              job,
              halt,
              JobParts.of(
                  folder.config(), store, storages, inference, JobServers.PARSER, servers.clock))
          .run();
    }
  }

  @Test
  void isExpiredWhereItBeginsTooLate() throws Exception {
    try (JobStore store = JobStore.open(folder.state(), JobServers.PARSER)) {
      Job job = create(store, JobStatus.SUBMITTED, folder.writeRecords("a.jsonl", 1));
      run(job, store, new Halt(servers.clock, servers.now.get()));

      assertThat(job.state().status()).isEqualTo(JobStatus.EXPIRED);
      assertThat(folder.data().resolve("out").resolve(job.id())).doesNotExist();
    }
  }

  @Test
  void endsWhileItCopiesItsInput() throws Exception {
    AtomicInteger looks = new AtomicInteger();
    Instant start = servers.now.get();
    Halt halt =
        new Halt(
            JobServers.clock(() -> start.plusSeconds(looks.getAndIncrement())),
            start.plusSeconds(4));
    try (JobStore store = JobStore.open(folder.state(), JobServers.PARSER)) {
      Job job = create(store, JobStatus.SUBMITTED, folder.writeRecords("a.jsonl", 20_000));
      run(job, store, halt);

      assertThat(job.state().status()).isEqualTo(JobStatus.EXPIRED);
      assertThat(job.state().files()).isEmpty();
      assertThat(folder.state().resolve(job.id()).resolve("in")).doesNotExist();
    }
  }

  @Test
  void remembersThatItIsToStopWhateverItBegins() throws Exception {
    Collection<JobStatus> seen = new ConcurrentLinkedQueue<>();
    try (JobStore store = JobStore.open(folder.state(), JobServers.PARSER)) {
      Job job = create(store, JobStatus.STOPPING, folder.writeRecords("a.jsonl", 2));
      inference.errors =
          _ -> {
            seen.add(job.state().status());
            return null;
          };
      inference.free();
      run(job, store, JobServers.untold());
    }

    assertThat(seen).hasSize(2).containsOnly(JobStatus.STOPPING);
  }
}
