package dev.outcrop.serving.batchjobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.auth.Caller;
import dev.outcrop.serving.json.Json;
import dev.outcrop.serving.testing.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process that is killed in the midst of a job, and the next one. */
final class KilledServerTest {
  private static final Caller CALLER = new Caller.Tenant("acme", 1);
  private static final int RECORDS = 2_000;
  private static final int PAGE = 100;

  @TempDir private Path temp;

  /** Runs the job of a folder, as fast as it can but not to its end, until it is killed. */
  static final class Server {
    private Server() {}

    /** Submits the job that the first argument's folder holds the input of. */
    public static void main(String[] arguments) throws Exception {
      JobFolder folder = new JobFolder(Path.of(arguments[0]));
      FakeInference inference = new FakeInference();
      inference.open.release(RECORDS / 2);
      BatchJobs jobs = open(folder, inference);
      ObjectNode request = folder.request(folder.uri("a.jsonl"));
      jobs.create(JobRequest.read(request), CALLER);
      Thread.sleep(Long.MAX_VALUE);
    }
  }

  private static BatchJobs open(JobFolder folder, FakeInference inference) throws IOException {
    BatchJobs jobs =
        BatchJobs.open(
            folder.config(), folder.state(), inference, new Json(1_000_000), Clock.systemUTC());
    jobs.start();
    return jobs;
  }

  private Process start(JobFolder folder) throws IOException {
    return new ProcessBuilder(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Server.class.getName(),
                folder.base().toString()))
        .redirectErrorStream(true)
        .redirectOutput(temp.resolve("server.log").toFile())
        .start();
  }

  @Test
  void runsNoRecordAgainThatTheKilledProcessHadFinished() throws Exception {
    JobFolder folder = new JobFolder(temp.resolve("jobs"));
    folder.writeRecords("a.jsonl", RECORDS);
    Process server = start(folder);
    Path[] spool = new Path[1];
    try {
      Await.until(
          () -> {
            spool[0] = spool(folder);
            return spool[0] != null && spool[0].toFile().length() > PAGE * Spool.HEADER;
          });
    } finally {
      server.destroyForcibly().waitFor();
    }

    Set<Integer> finished = finished(spool[0]);
    assertThat(finished).as(Files.readString(temp.resolve("server.log"))).isNotEmpty();
    FakeInference next = new FakeInference().free();
    try (BatchJobs jobs = open(folder, next)) {
      Job job = jobs.all(CALLER).getFirst();
      Await.until(() -> job.state().status().ended());

      assertThat(job.state().status()).isEqualTo(JobStatus.COMPLETED);
      assertThat(job.state().progress().success()).isEqualTo(RECORDS);
      Set<Integer> again = new HashSet<>();
      next.begun.forEach(body -> assertThat(again.add(number(body))).isTrue());
      assertThat(again).doesNotContainAnyElementsOf(finished);
      assertThat(again.size() + finished.size()).isEqualTo(RECORDS);
      assertThat(folder.output(job.id(), "a.jsonl.out"))
          .hasSize(RECORDS)
          .extracting(line -> line.get("recordId").asText())
          .doesNotHaveDuplicates();
    }
  }

  private static int number(String body) {
    try {
      JsonNode node = JobFolder.JSON.readTree(body);
      return node.get("number").asInt();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** The finished records' file of the only job, or null where there is none yet. */
  private static Path spool(JobFolder folder) {
    try (var all = Files.isDirectory(folder.state()) ? Files.list(folder.state()) : null) {
      return all == null
          ? null
          : all.map(job -> job.resolve("out/0.records"))
              .filter(Files::exists)
              .findFirst()
              .orElse(null);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static Set<Integer> finished(Path spool) throws Exception {
    Set<Integer> finished = new HashSet<>();
    try (Spool opened = Spool.open(spool, JobServers.untold())) {
      for (int i = 0; i < RECORDS; i++) {
        if (opened.finished(i)) {
          finished.add(i);
        }
      }
    }
    return finished;
  }
}
