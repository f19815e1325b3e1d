package dev.outcrop.serving.batchjobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.batching.Tier;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.auth.Caller;
import dev.outcrop.serving.config.BatchJobsConfig;
import dev.outcrop.serving.http.ApiError;
import dev.outcrop.serving.json.Json;
import dev.outcrop.serving.testing.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The life of jobs, on operations that do what the test says. */
final class BatchJobsTest {
  private static final Caller CALLER = new Caller.Tenant("acme", 3, Tier.PRIORITY);
  private static final Json PARSER = new Json(1_000_000);

  private final AtomicReference<Instant> now =
      new AtomicReference<>(Instant.parse("2026-11-21T12:00:00Z"));
  private final List<BatchJobs> opened = new ArrayList<>();
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
    opened.forEach(BatchJobs::close);
  }

  private BatchJobs open(JobFolder in, FakeInference with) throws IOException {
    return open(in.config(), with);
  }

  private BatchJobs open(BatchJobsConfig config, FakeInference with) throws IOException {
    Clock clock =
        new Clock() {
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
    BatchJobs jobs = BatchJobs.open(config, config.folder(), with, PARSER, clock);
    opened.add(jobs);
    jobs.start();
    return jobs;
  }

  private static Job submit(BatchJobs jobs, ObjectNode request) throws IOException {
    return submit(jobs, request, CALLER);
  }

  private static Job submit(BatchJobs jobs, ObjectNode request, Caller caller) throws IOException {
    return ((BatchJobs.Outcome.Done) jobs.create(JobRequest.read(request), caller)).job();
  }

  private static void awaitEnd(Job job) throws InterruptedException {
    Await.until(() -> job.state().status().ended());
  }

  private static Set<Integer> numbers(List<JsonNode> lines) {
    Set<Integer> numbers = new HashSet<>();
    lines.forEach(line -> assertThat(numbers.add(line.at("/modelOutput/number").asInt())).isTrue());
    return numbers;
  }

  @Test
  void runsEveryRecordOnceAtTheFlexTierOfItsOwner() throws Exception {
    BatchJobs jobs = open(folder, inference.free());
    Job job = submit(jobs, folder.request(folder.writeRecords("in/a.jsonl", 1_000)));
    awaitEnd(job);

    assertThat(job.state().status()).isEqualTo(JobStatus.COMPLETED);
    assertThat(job.state().progress()).isEqualTo(new Progress(1_000, 1_000, 0, 5_000, 2_000));
    assertThat(numbers(folder.output(job.id(), "a.jsonl.out"))).hasSize(1_000);
    assertThat(inference.begun).hasSize(1_000).doesNotHaveDuplicates();
    assertThat(inference.callers).containsOnly(new Caller.Tenant("acme", 3, Tier.FLEX));
    assertThat(inference.paths).containsOnly("/model/demo/invoke");
    assertThat(folder.manifest(job.id()).toString())
        .isEqualTo(
            "{\"totalRecordCount\":1000,\"processedRecordCount\":1000,\"successRecordCount\":1000,"
                + "\"errorRecordCount\":0,\"inputTokenCount\":5000,\"outputTokenCount\":2000}");
    try (var left = Files.list(folder.state().resolve(job.id()))) {
      assertThat(left.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("job.json", "state.json");
    }
  }

  @Test
  void takesEveryJsonlFileOfAFolder() throws Exception {
    folder.writeRecords("in/b.jsonl", 2);
    folder.writeRecords("in/a.jsonl", 3);
    folder.write("in/notes.txt", "not for you");
    folder.write("in/empty.jsonl", "\n");
    BatchJobs jobs = open(folder, inference.free());
    Job job = submit(jobs, folder.request(folder.uri("in/")));
    awaitEnd(job);

    assertThat(job.state().progress().success()).isEqualTo(5);
    assertThat(folder.output(job.id(), "a.jsonl.out")).hasSize(3);
    assertThat(folder.output(job.id(), "b.jsonl.out")).hasSize(2);
    assertThat(folder.output(job.id(), "empty.jsonl.out")).isEmpty();
  }

  @Test
  void callsConverseWhereTheJobSaysSo() throws Exception {
    BatchJobs jobs = open(folder, inference.free());
    ObjectNode request = folder.request(folder.writeRecords("a.jsonl", 1));
    request.put("modelInvocationType", "Converse").put("modelId", "a%b");
    awaitEnd(submit(jobs, request));

    assertThat(inference.paths).containsExactly("/model/a%25b/converse");
  }

  @Test
  void goesOnAfterACrashWithoutRepeatingWhatIsFinished() throws Exception {
    BatchJobs jobs = open(folder, inference);
    Job job = submit(jobs, folder.request(folder.writeRecords("a.jsonl", 200)));
    inference.open.release(70);
    Await.until(() -> job.state().progress().processed() == 70);
    Await.until(() -> inference.begun.size() == 70 + folder.config().recordsAtOnce());

    JobFolder after = folder.crashedInto(temp.resolve("two"));
    // The input is gone by now; the job has its copy.
    Files.delete(folder.data().resolve("a.jsonl"));
    FakeInference second = new FakeInference().free();
    BatchJobs again = open(moved(after), second);
    Job same = again.find(job.id(), CALLER).orElseThrow();
    awaitEnd(same);

    assertThat(same.state().status()).isEqualTo(JobStatus.COMPLETED);
    assertThat(same.state().progress()).isEqualTo(new Progress(200, 200, 0, 1_000, 400));
    assertThat(second.begun).hasSize(130).doesNotHaveDuplicates();
    assertThat(numbers(folder.output(job.id(), "a.jsonl.out"))).hasSize(200);
  }

  /** The state of a crashed server, on the data that the crash did not move. */
  private BatchJobsConfig moved(JobFolder after) {
    return BatchJobsConfig.DEFAULT.in(after.state(), folder.config().locations());
  }

  @Test
  void goesOnFromEveryMomentOfItsLife() throws Exception {
    BatchJobs jobs = open(folder, inference);
    Job job = submit(jobs, folder.request(folder.writeRecords("a.jsonl", 40)));
    Set<Integer> seen = new HashSet<>();
    for (int moment = 0; moment < 8; moment++) {
      JobFolder after = folder.crashedInto(temp.resolve("moment" + moment));
      FakeInference second = new FakeInference().free();
      BatchJobs again = open(moved(after), second);
      Job same = again.find(job.id(), CALLER).orElseThrow();
      awaitEnd(same);
      assertThat(same.state().progress().success()).isEqualTo(40);
      assertThat(second.begun).hasSize(40 - 5 * moment).doesNotHaveDuplicates();
      assertThat(numbers(folder.output(job.id(), "a.jsonl.out"))).hasSize(40);
      seen.add(second.begun.size());
      int next = 5 * (moment + 1);
      inference.open.release(5);
      Await.until(() -> job.state().progress().processed() == next);
    }
    awaitEnd(job);
    assertThat(seen).hasSize(8);
  }

  @Test
  void goesOnAfterAProperEnd() throws Exception {
    BatchJobs jobs = open(folder, inference);
    Job job = submit(jobs, folder.request(folder.writeRecords("a.jsonl", 50)));
    inference.open.release(20);
    Await.until(() -> job.state().progress().processed() == 20);
    jobs.close();
    assertThat(job.state().status()).isEqualTo(JobStatus.IN_PROGRESS);

    FakeInference second = new FakeInference().free();
    Job same = open(folder, second).find(job.id(), CALLER).orElseThrow();
    awaitEnd(same);
    assertThat(second.begun).hasSize(30);
    assertThat(numbers(folder.output(job.id(), "a.jsonl.out"))).hasSize(50);
  }

  @Test
  void lendsItsFolderToOneServer() throws Exception {
    open(folder, inference);
    assertThatThrownBy(() -> open(folder, inference)).hasMessageContaining("in use by another");
  }

  @Test
  void stopsWithWhatIsFinished() throws Exception {
    BatchJobs jobs = open(folder, inference);
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
  void endsAfterItsTimeWithWhatIsFinished() throws Exception {
    BatchJobs jobs = open(folder, inference);
    ObjectNode request = folder.request(folder.writeRecords("a.jsonl", 50));
    Job some = submit(jobs, request.put("timeoutDurationInHours", 30));
    inference.open.release(20);
    Await.until(() -> some.state().progress().processed() == 20);
    now.updateAndGet(time -> time.plus(Duration.ofHours(30)).minusMillis(1));
    inference.open.release(1);
    Await.until(() -> some.state().progress().processed() == 21);
    Job none = submit(jobs, request.put("timeoutDurationInHours", 24));
    now.updateAndGet(time -> time.plusMillis(1));
    awaitEnd(some);
    assertThat(some.state().status()).isEqualTo(JobStatus.PARTIALLY_COMPLETED);
    assertThat(folder.output(some.id(), "a.jsonl.out")).hasSize(21);
    now.updateAndGet(time -> time.plus(Duration.ofHours(24)));
    awaitEnd(none);
    assertThat(none.state().status()).isEqualTo(JobStatus.EXPIRED);
  }

  @Test
  void waitsWhileTheServerHasTooMuchToDo() throws Exception {
    AtomicInteger left = new AtomicInteger(3);
    inference.errors =
        _ ->
            switch (left.getAndDecrement()) {
              case 3 -> ApiError.throttled("busy", Duration.ofMillis(1));
              case 2 -> new ApiError(503, "ServiceUnavailableException", "down");
              default -> null;
            };
    BatchJobs jobs = open(folder, inference.free());
    Job job = submit(jobs, folder.request(folder.writeRecords("a.jsonl", 1)));
    awaitEnd(job);

    assertThat(job.state().progress().success()).isEqualTo(1);
    assertThat(inference.begun).hasSize(3);
  }

  @Test
  void keepsTheErrorsOfRecordsInTheirLines() throws Exception {
    inference.errors = error -> inference.begun.size() % 2 == 0 ? error : null;
    BatchJobs jobs = open(with(1), inference.free());
    Job job = submit(jobs, folder.request(folder.writeRecords("a.jsonl", 4)));
    awaitEnd(job);

    assertThat(job.state().status()).isEqualTo(JobStatus.COMPLETED);
    assertThat(job.state().progress()).isEqualTo(new Progress(4, 2, 2, 10, 4));
    assertThat(folder.output(job.id(), "a.jsonl.out").get(1).toString())
        .startsWith(
            "{\"recordId\":\"R00001\",\"modelInput\":{\"number\":1},\"error\":{\"errorCode\":500,");
  }

  @Test
  void doesNotCallAJobCompletedThatLostARecord() throws Exception {
    inference.errors =
        _ -> {
          throw new StackOverflowError("on purpose");
        };
    BatchJobs jobs = open(with(1), inference.free());
    Job job = submit(jobs, folder.request(folder.writeRecords("a.jsonl", 2)));
    awaitEnd(job);

    assertThat(job.state().status()).isEqualTo(JobStatus.FAILED);
    assertThat(job.state().message()).isEqualTo("The server met a fault.");
  }

  /** A config with so many records at once. */
  private BatchJobsConfig with(int records) {
    BatchJobsConfig config = folder.config();
    return new BatchJobsConfig(
        config.folder(),
        config.locations(),
        config.s3(),
        1,
        records,
        2,
        config.maxRecord(),
        config.maxInput(),
        config.maxRecords(),
        Duration.ofHours(1));
  }

  @Test
  void runsNoMoreThanItMayAndTakesTenantsInTurn() throws Exception {
    BatchJobs jobs = open(with(3), inference);
    Caller other = new Caller.Tenant("other", 1, Tier.DEFAULT);
    ObjectNode request = folder.request(folder.writeRecords("a.jsonl", 10));
    Job first = submit(jobs, request);
    Job second = submit(jobs, request);
    Job third = submit(jobs, request, other);
    Await.until(() -> inference.begun.size() == 3);
    assertThat(second.state().status()).isEqualTo(JobStatus.SUBMITTED);
    assertThat(third.state().status()).isEqualTo(JobStatus.SUBMITTED);
    assertThat(jobs.create(JobRequest.read(request), CALLER))
        .isInstanceOf(BatchJobs.Outcome.TooMany.class);
    jobs.stop(second);
    assertThat(second.state().status()).isEqualTo(JobStatus.STOPPED);
    inference.free();
    awaitEnd(first);
    awaitEnd(third);
    assertThat(jobs.find(first.id(), other)).isEmpty();
    assertThat(jobs.all(other)).containsExactly(third);
  }

  @Test
  void forgetsWhatEndedLongAgo() throws Exception {
    BatchJobs jobs = open(with(1), inference.free());
    ObjectNode request = folder.request(folder.writeRecords("a.jsonl", 1));
    Job job = submit(jobs, request);
    awaitEnd(job);
    now.updateAndGet(time -> time.plus(Duration.ofMinutes(61)));
    Job next = submit(jobs, request);
    awaitEnd(next);

    assertThat(jobs.all(CALLER)).containsExactly(next);
    assertThat(folder.state().resolve(job.id())).doesNotExist();
    assertThat(folder.output(job.id(), "a.jsonl.out")).hasSize(1);
  }

  @Test
  void createsOneJobForOneToken() throws Exception {
    BatchJobs jobs = open(folder, inference.free());
    ObjectNode request = folder.request(folder.writeRecords("a.jsonl", 1));
    request.put("clientRequestToken", "token-1");
    Job job = submit(jobs, request);
    assertThat(submit(jobs, request)).isSameAs(job);
    assertThat(submit(jobs, request, new Caller.Tenant("other", 1))).isNotSameAs(job);
    request.put("jobName", "another");
    assertThat(jobs.create(JobRequest.read(request), CALLER))
        .isInstanceOf(BatchJobs.Outcome.Conflict.class);
    jobs.close();
    request.put("jobName", "job");
    assertThat(submit(open(folder, inference), request).id()).isEqualTo(job.id());
  }

  @Test
  void leavesAJobThatItCannotReadAlone() throws Exception {
    BatchJobs jobs = open(folder, inference.free());
    Job job = submit(jobs, folder.request(folder.writeRecords("a.jsonl", 1)));
    awaitEnd(job);
    jobs.close();
    Files.writeString(folder.state().resolve(job.id()).resolve("state.json"), "{\"status\":");

    assertThat(open(folder, inference).all(CALLER)).isEmpty();
    assertThat(folder.state().resolve(job.id()).resolve("job.json")).exists();
  }

  @Test
  void refusesAPlaceThatIsNotAllowedAtOnce() throws Exception {
    BatchJobs jobs = open(folder, inference);
    assertThatThrownBy(() -> submit(jobs, folder.request("file:///etc/a.jsonl")))
        .isInstanceOf(OutcropException.class)
        .hasMessageContaining("batch-jobs.locations");
  }
}
