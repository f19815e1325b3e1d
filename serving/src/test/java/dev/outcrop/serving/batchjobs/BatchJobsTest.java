package dev.outcrop.serving.batchjobs;

import static dev.outcrop.serving.batchjobs.JobServers.CALLER;
import static dev.outcrop.serving.batchjobs.JobServers.awaitEnd;
import static dev.outcrop.serving.batchjobs.JobServers.submit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.batching.Tier;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.auth.Caller;
import dev.outcrop.serving.http.ApiError;
import dev.outcrop.serving.testing.Await;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Jobs that run, on operations that do what the test says. */
final class BatchJobsTest {
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

  private static Set<Integer> numbers(List<JsonNode> lines) {
    Set<Integer> numbers = new HashSet<>();
    lines.forEach(line -> assertThat(numbers.add(line.at("/modelOutput/number").asInt())).isTrue());
    return numbers;
  }

  @Test
  void runsEveryRecordOnceAtTheFlexTierOfItsOwner() throws Exception {
    BatchJobs jobs = servers.open(folder, inference.free());
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
    jobs.close(); // a job cleans up after its end is known
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
    BatchJobs jobs = servers.open(folder, inference.free());
    Job job = submit(jobs, folder.request(folder.uri("in/")));
    awaitEnd(job);

    assertThat(job.state().progress().success()).isEqualTo(5);
    assertThat(folder.output(job.id(), "a.jsonl.out")).hasSize(3);
    assertThat(folder.output(job.id(), "b.jsonl.out")).hasSize(2);
    assertThat(folder.output(job.id(), "empty.jsonl.out")).isEmpty();
  }

  @Test
  void callsConverseWhereTheJobSaysSo() throws Exception {
    BatchJobs jobs = servers.open(folder, inference.free());
    ObjectNode request = folder.request(folder.writeRecords("a.jsonl", 1));
    request.put("modelInvocationType", "Converse").put("modelId", "a%b");
    awaitEnd(submit(jobs, request));

    assertThat(inference.paths).containsExactly("/model/a%25b/converse");
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
    BatchJobs jobs = servers.open(folder, inference.free());
    Job job = submit(jobs, folder.request(folder.writeRecords("a.jsonl", 1)));
    awaitEnd(job);

    assertThat(job.state().progress().success()).isEqualTo(1);
    assertThat(inference.begun).hasSize(3);
  }

  @Test
  void keepsTheErrorsOfRecordsInTheirLines() throws Exception {
    inference.errors = error -> inference.begun.size() % 2 == 0 ? error : null;
    BatchJobs jobs = servers.open(folder.config(1), inference.free());
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
    BatchJobs jobs = servers.open(folder.config(1), inference.free());
    Job job = submit(jobs, folder.request(folder.writeRecords("a.jsonl", 2)));
    awaitEnd(job);

    assertThat(job.state().status()).isEqualTo(JobStatus.FAILED);
    assertThat(job.state().message()).isEqualTo("The server met a fault.");
  }

  @Test
  void runsNoMoreThanItMayAndTakesTenantsInTurn() throws Exception {
    BatchJobs jobs = servers.open(folder.config(3), inference);
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
    BatchJobs jobs = servers.open(folder.config(1), inference.free());
    ObjectNode request = folder.request(folder.writeRecords("a.jsonl", 1));
    Job job = submit(jobs, request);
    awaitEnd(job);
    servers.now.updateAndGet(time -> time.plus(Duration.ofMinutes(61)));
    Job next = submit(jobs, request);
    awaitEnd(next);

    assertThat(jobs.all(CALLER)).containsExactly(next);
    assertThat(folder.state().resolve(job.id())).doesNotExist();
    assertThat(folder.output(job.id(), "a.jsonl.out")).hasSize(1);
  }

  @Test
  void createsOneJobForOneToken() throws Exception {
    BatchJobs jobs = servers.open(folder, inference.free());
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
    assertThat(submit(servers.open(folder, inference), request).id()).isEqualTo(job.id());
  }

  @Test
  void refusesAPlaceThatIsNotAllowedAtOnce() throws Exception {
    BatchJobs jobs = servers.open(folder, inference);
    assertThatThrownBy(() -> submit(jobs, folder.request("file:///etc/a.jsonl")))
        .isInstanceOf(OutcropException.class)
        .hasMessageContaining("batch-jobs.locations");
  }

  @Test
  void opensAFileOfRecordsWhenItsTurnComes() throws Exception {
    for (int i = 0; i < 20; i++) {
      folder.writeRecords("in/%02d.jsonl".formatted(i), 1);
    }
    BatchJobs jobs = servers.open(folder.config(1), inference);
    Job job = submit(jobs, folder.request(folder.uri("in/")));
    inference.open.release(2);
    Await.until(() -> inference.begun.size() == 3);

    try (Stream<Path> left = Files.list(folder.state().resolve(job.id()).resolve("out"))) {
      assertThat(left).hasSize(2);
    }
    inference.free();
    awaitEnd(job);
    assertThat(job.state().progress().success()).isEqualTo(20);
  }

  @Test
  void goesOnWithOtherJobsWhereOneCannotKeepItsState() throws Exception {
    BatchJobs jobs = servers.open(folder.config(1), inference);
    ObjectNode request = folder.request(folder.writeRecords("a.jsonl", 1));
    Job broken = submit(jobs, request);
    Job next = submit(jobs, request);
    Await.until(() -> inference.begun.size() == 1);
    Files.createDirectory(folder.state().resolve(broken.id()).resolve("state.json.next"));
    inference.free();
    awaitEnd(next);

    assertThat(next.state().status()).isEqualTo(JobStatus.COMPLETED);
    assertThat(broken.state().status()).isEqualTo(JobStatus.IN_PROGRESS);
    assertThat(inference.begun).hasSize(2);
  }
}
