package dev.outcrop.serving.batchjobs;

import static dev.outcrop.serving.batchjobs.JobServers.CALLER;
import static dev.outcrop.serving.batchjobs.JobServers.awaitEnd;
import static dev.outcrop.serving.batchjobs.JobServers.submit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.config.BatchJobsConfig;
import dev.outcrop.serving.testing.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Jobs over the end of a server, whether it is killed or told. */
final class JobRecoveryTest {
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

  /** The state of a crashed server, on the data that the crash did not move. */
  private BatchJobsConfig moved(JobFolder after) {
    return BatchJobsConfig.DEFAULT.in(after.state(), folder.config().locations());
  }

  @Test
  void goesOnAfterACrashWithoutRepeatingWhatIsFinished() throws Exception {
    BatchJobs jobs = servers.open(folder, inference);
    Job job = submit(jobs, folder.request(folder.writeRecords("a.jsonl", 200)));
    inference.open.release(70);
    Await.until(() -> job.state().progress().processed() == 70);
    Await.until(() -> inference.begun.size() == 70 + folder.config().recordsAtOnce());

    JobFolder after = folder.crashedInto(temp.resolve("two"));
    // The input is gone by now; the job has its copy.
    Files.delete(folder.data().resolve("a.jsonl"));
    FakeInference second = new FakeInference().free();
    BatchJobs again = servers.open(moved(after), second);
    Job same = again.find(job.id(), CALLER).orElseThrow();
    awaitEnd(same);

    assertThat(same.state().status()).isEqualTo(JobStatus.COMPLETED);
    assertThat(same.state().progress()).isEqualTo(new Progress(200, 200, 0, 1_000, 400));
    assertThat(second.begun).hasSize(130).doesNotHaveDuplicates();
    assertThat(numbers(folder.output(job.id(), "a.jsonl.out"))).hasSize(200);
  }

  @Test
  void goesOnFromEveryMomentOfItsLife() throws Exception {
    BatchJobs jobs = servers.open(folder, inference);
    Job job = submit(jobs, folder.request(folder.writeRecords("a.jsonl", 40)));
    Await.until(() -> !inference.begun.isEmpty()); // from here on, only records change the disk
    Set<Integer> seen = new HashSet<>();
    for (int moment = 0; moment < 8; moment++) {
      JobFolder after = folder.crashedInto(temp.resolve("moment" + moment));
      FakeInference second = new FakeInference().free();
      BatchJobs again = servers.open(moved(after), second);
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
    BatchJobs jobs = servers.open(folder, inference);
    Job job = submit(jobs, folder.request(folder.writeRecords("a.jsonl", 50)));
    inference.open.release(20);
    Await.until(() -> job.state().progress().processed() == 20);
    jobs.close();
    assertThat(job.state().status()).isEqualTo(JobStatus.IN_PROGRESS);

    FakeInference second = new FakeInference().free();
    Job same = servers.open(folder, second).find(job.id(), CALLER).orElseThrow();
    awaitEnd(same);
    assertThat(second.begun).hasSize(30);
    assertThat(numbers(folder.output(job.id(), "a.jsonl.out"))).hasSize(50);
  }

  @Test
  void lendsItsFolderToOneServer() throws Exception {
    servers.open(folder, inference);
    assertThatThrownBy(() -> servers.open(folder, inference))
        .hasMessageContaining("in use by another");
  }

  @Test
  void leavesAJobThatItCannotReadAlone() throws Exception {
    BatchJobs jobs = servers.open(folder, inference.free());
    Job job = submit(jobs, folder.request(folder.writeRecords("a.jsonl", 1)));
    awaitEnd(job);
    jobs.close();
    Files.writeString(folder.state().resolve(job.id()).resolve("state.json"), "{\"status\":");

    assertThat(servers.open(folder, inference).all(CALLER)).isEmpty();
    assertThat(folder.state().resolve(job.id()).resolve("job.json")).exists();
  }

  @Test
  void deletesWhatAKillLeftBehind() throws Exception {
    BatchJobs jobs = servers.open(folder, inference.free());
    Job job = submit(jobs, folder.request(folder.writeRecords("a.jsonl", 1)));
    awaitEnd(job);
    jobs.close();
    Path own = folder.state().resolve(job.id());
    Path input = Files.createDirectories(own.resolve("in"));
    Files.writeString(input.resolve("0.jsonl"), "copied");
    Path output = Files.createDirectories(own.resolve("out"));
    Files.writeString(output.resolve("0.records"), "finished");
    Path dropped = folder.state().resolve("abcdefghijkl.dropped");
    Files.writeString(Files.createDirectories(dropped.resolve("out")).resolve("0.records"), "x");

    assertThat(servers.open(folder, inference).all(CALLER)).hasSize(1);
    assertThat(input).doesNotExist();
    assertThat(output).doesNotExist();
    assertThat(dropped).doesNotExist();
  }

  @Test
  void deletesHalfOfAnInputBeforeItsTurnComes() throws Exception {
    BatchJobs jobs = servers.open(folder.config(1), inference);
    ObjectNode request = folder.request(folder.writeRecords("a.jsonl", 1));
    submit(jobs, request);
    servers.now.updateAndGet(time -> time.plusMillis(1));
    Job waits = submit(jobs, request);
    jobs.close();
    Path input = Files.createDirectories(folder.state().resolve(waits.id()).resolve("in"));

    BatchJobs again = servers.open(folder.config(1), inference);
    assertThat(again.find(waits.id(), CALLER)).isPresent();
    assertThat(input).doesNotExist();
  }

  @Test
  void keepsItsFolderUntilTheLastJobHasEnded() throws Exception {
    CountDownLatch stubborn = new CountDownLatch(1);
    inference.errors =
        _ -> {
          awaitUninterrupted(stubborn);
          return null;
        };
    BatchJobs jobs = servers.open(folder, inference.free());
    Job job = submit(jobs, folder.request(folder.writeRecords("a.jsonl", 1)));
    Await.until(() -> inference.begun.size() == 1);
    jobs.end(Duration.ZERO);
    jobs.close();
    FakeInference second = new FakeInference().free();
    assertThatThrownBy(() -> servers.open(folder, second)).hasMessageContaining("in use by");
    stubborn.countDown();
    BatchJobs[] again = new BatchJobs[1];
    Await.until(
        () -> {
          try {
            again[0] = servers.open(folder, second);
          } catch (IOException | OutcropException e) {
            // not yet
          }
          return again[0] != null;
        });

    Job same = again[0].find(job.id(), CALLER).orElseThrow();
    awaitEnd(same);
    assertThat(same.state().status()).isEqualTo(JobStatus.COMPLETED);
  }

  private static void awaitUninterrupted(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void doesNotKeepAnErrorThatTheServersEndBrought() throws Exception {
    BatchJobs jobs = servers.open(folder.config(1), inference.free());
    inference.errors =
        error -> {
          jobs.end(Duration.ofSeconds(10));
          return error;
        };
    Job job = submit(jobs, folder.request(folder.writeRecords("a.jsonl", 3)));
    Await.until(() -> inference.begun.size() == 1);
    jobs.close();

    Job same =
        servers.open(folder, new FakeInference().free()).find(job.id(), CALLER).orElseThrow();
    awaitEnd(same);
    assertThat(same.state().progress()).isEqualTo(new Progress(3, 3, 0, 15, 6));
  }
}
