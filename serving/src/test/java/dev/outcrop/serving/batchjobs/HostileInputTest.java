package dev.outcrop.serving.batchjobs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.auth.Caller;
import dev.outcrop.serving.config.BatchJobsConfig;
import dev.outcrop.serving.config.ByteSize;
import dev.outcrop.serving.json.Json;
import dev.outcrop.serving.testing.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Input and output that nobody sane writes. */
final class HostileInputTest {
  private static final Caller CALLER = new Caller.Tenant("acme", 1);
  private static final int LONGEST = 2_000;

  @TempDir private Path temp;
  private JobFolder folder;
  private FakeInference inference;
  private BatchJobs jobs;

  @BeforeEach
  void open() throws IOException {
    folder = new JobFolder(temp);
    inference = new FakeInference().free();
    BatchJobsConfig config = folder.config();
    config =
        new BatchJobsConfig(
            config.folder(),
            config.locations(),
            config.s3(),
            2,
            4,
            100,
            new ByteSize(LONGEST),
            new ByteSize(100_000),
            50,
            Duration.ofHours(1));
    jobs =
        BatchJobs.open(config, folder.state(), inference, new Json(1_000_000), Clock.systemUTC());
    jobs.start();
  }

  @AfterEach
  void close() {
    jobs.close();
  }

  private Job run(ObjectNode request) throws Exception {
    Job job = ((BatchJobs.Outcome.Done) jobs.create(JobRequest.read(request), CALLER)).job();
    Await.until(() -> job.state().status().ended());
    return job;
  }

  private Job runText(String text) throws Exception {
    return run(folder.request(folder.write("a.jsonl", text)));
  }

  private void assertFails(ObjectNode request, String message) throws Exception {
    Job job = run(request);
    assertThat(job.state().status()).isEqualTo(JobStatus.FAILED);
    assertThat(job.state().message()).contains(message);
    assertThat(inference.begun).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"modelInput":                                  | not valid JSON
          nothing                                         | not valid JSON
          []                                              | must be a JSON object
          "text"                                          | must be a JSON object
          {}                                              | modelInput must be an object
          {"recordId":"x"}                                | modelInput must be an object
          {"modelInput":null}                             | modelInput must be an object
          {"modelInput":[1]}                              | modelInput must be an object
          {"modelInput":{},"modelInput":{}}               | not valid JSON
          {"modelInput":{}} {"modelInput":{}}             | not valid JSON
          {"recordId":7,"modelInput":{}}                  | recordId must be a string
          {"recordId":"","modelInput":{}}                 | recordId must have between 1 and 1024
          """)
  void givesABadLineAnErrorAndGoesOn(String line, String message) throws Exception {
    Job job =
        runText(
            "{\"recordId\":\"A\",\"modelInput\":{}}\n"
                + line
                + "\n{\"recordId\":\"B\",\"modelInput\":{}}");

    assertThat(job.state().status()).isEqualTo(JobStatus.COMPLETED);
    assertThat(job.state().progress()).isEqualTo(new Progress(3, 2, 1, 10, 4));
    JsonNode error =
        folder.output(job.id(), "a.jsonl.out").stream()
            .filter(node -> node.has("error"))
            .findFirst()
            .orElseThrow();
    assertThat(error.at("/error/errorCode").asInt()).isEqualTo(400);
    assertThat(error.at("/error/errorMessage").asText()).contains(message);
    assertThat(error.get("recordId").asText()).isNotEmpty();
  }

  @Test
  void givesBytesThatAreNoTextAnError() throws Exception {
    String uri = folder.write("a.jsonl", "");
    Files.write(
        folder.data().resolve("a.jsonl"),
        new byte[] {(byte) 0xff, (byte) 0xfe, 0, '\n', '{', '"', (byte) 0xc3, '"', '}', '\n', 0});
    Job job = run(folder.request(uri));

    assertThat(job.state().progress().error()).isEqualTo(3);
  }

  @Test
  void givesDeepAndHugeLinesAnError() throws Exception {
    String deep = "{\"modelInput\":" + "[".repeat(900) + "]".repeat(900) + "}";
    String huge = "{\"modelInput\":{\"a\":\"" + "x".repeat(LONGEST) + "\"}}";
    String fits = "{\"modelInput\":{\"a\":\"" + "x".repeat(LONGEST - 25) + "\"}}";
    Job job = runText(deep + "\n" + huge + "\n" + fits + "\n");

    assertThat(job.state().progress()).isEqualTo(new Progress(3, 1, 2, 5, 2));
    assertThat(folder.output(job.id(), "a.jsonl.out").toString())
        .contains("The record is longer than this server allows.")
        .doesNotContain("x".repeat(LONGEST));
  }

  @Test
  void namesRecordsWithoutAnIdByTheirLineAndKeepsDuplicates() throws Exception {
    Job job =
        runText(
            """
            {"modelInput":{"n":1}}

            {"modelInput":{"n":2}}
            {"recordId":"same","modelInput":{"n":3}}
            {"recordId":"same","modelInput":{"n":4}}
            """);

    List<String> ids =
        folder.output(job.id(), "a.jsonl.out").stream()
            .map(node -> node.get("recordId").asText() + node.at("/modelOutput/n").asInt())
            .toList();
    assertThat(ids).containsExactlyInAnyOrder("CALL00000011", "CALL00000022", "same3", "same4");
  }

  @Test
  void failsWhereThereIsNothingToRead() throws Exception {
    assertFails(folder.request(folder.uri("none.jsonl")), "no such file or folder");
    assertFails(folder.request(folder.uri("none/")), "no such file or folder");
    assertFails(folder.request(folder.write("e/a.txt", "x").replace("a.txt", "")), "no .jsonl");
    assertFails(folder.request(folder.write("a.jsonl", " \n\n")), "holds no record");
    Files.createDirectories(folder.data().resolve("folder.jsonl"));
    assertFails(folder.request(folder.uri("folder.jsonl")), "is no plain file");
  }

  @Test
  void failsWhereThereIsTooMuch() throws Exception {
    assertFails(folder.request(folder.writeRecords("a.jsonl", 51)), "more than 50 records");
    assertFails(
        folder.request(folder.write("b.jsonl", "x".repeat(100_001))), "more than 100000 bytes");
    for (int i = 0; i < 3; i++) {
      folder.write("many/" + i + ".jsonl", "{}\n".repeat(20));
    }
    assertFails(folder.request(folder.uri("many")), "more than 50 records");
  }

  @Test
  void saysWhoseMatterAMissingLocationIs() throws Exception {
    String uri = folder.writeRecords("a.jsonl", 1);
    ObjectNode request = folder.request(uri);
    Files.move(folder.data(), temp.resolve("moved"));

    assertFails(
        request,
        "Cannot write %s: no such folder: file://%s, which the operator of this server has to make"
            .formatted(folder.uri("out"), folder.data()));
  }

  @Test
  void failsWhereThereAreTooManyFiles() throws Exception {
    for (int i = 0; i <= Storage.MOST_FILES; i++) {
      folder.write("empty/" + i + ".jsonl", "");
    }
    assertFails(folder.request(folder.uri("empty")), "holds more than 1000 .jsonl files");
  }

  @Test
  void followsNoLinkOutOfItsLocation() throws Exception {
    Path secret = Files.createDirectories(temp.resolve("secret"));
    Files.writeString(secret.resolve("a.jsonl"), "{\"modelInput\":{}}");
    Path data = Files.createDirectories(folder.data());
    Files.createSymbolicLink(data.resolve("link"), secret);
    Files.createSymbolicLink(data.resolve("a.jsonl"), secret.resolve("a.jsonl"));

    assertFails(folder.request(folder.uri("a.jsonl")), "is no plain file");
    assertFails(folder.request(folder.uri("link/a.jsonl")), "Cannot read");
    assertFails(folder.request(folder.uri("link")), "Cannot read");
    assertFails(folder.request(folder.uri("")), "is no plain file");

    ObjectNode request = folder.request(folder.writeRecords("in/a.jsonl", 1));
    ObjectNode output = request.withObject("/outputDataConfig/s3OutputDataConfig");
    output.put("s3Uri", folder.uri("link"));
    assertFails(request, "Cannot write");
    output.put("s3Uri", folder.uri("link/deeper"));
    assertFails(request, "Cannot write");
    try (Stream<Path> left = Files.list(secret)) {
      assertThat(left).containsExactly(secret.resolve("a.jsonl"));
    }
  }

  @Test
  void replacesALinkInItsOutputAndDoesNotWriteThroughIt() throws Exception {
    inference.open.drainPermits();
    Job job =
        ((BatchJobs.Outcome.Done)
                jobs.create(
                    JobRequest.read(folder.request(folder.writeRecords("a.jsonl", 1))), CALLER))
            .job();
    Await.until(() -> !inference.begun.isEmpty());
    Path victim = Files.writeString(temp.resolve("victim"), "mine");
    Path out = folder.data().resolve("out").resolve(job.id());
    Files.createSymbolicLink(out.resolve("a.jsonl.out"), victim);
    inference.free();
    Await.until(() -> job.state().status().ended());

    assertThat(job.state().status()).isEqualTo(JobStatus.COMPLETED);
    assertThat(victim).hasContent("mine");
    assertThat(out.resolve("a.jsonl.out")).isRegularFile();
    assertThat(Files.isSymbolicLink(out.resolve("a.jsonl.out"))).isFalse();
  }

  @Test
  void failsBeforeTheFirstRecordWhereItCannotWrite() throws Exception {
    ObjectNode request = folder.request(folder.writeRecords("a.jsonl", 1));
    Files.writeString(folder.data().resolve("file"), "no folder");
    request.withObject("/outputDataConfig/s3OutputDataConfig").put("s3Uri", folder.uri("file"));
    assertFails(request, "Cannot write " + folder.uri("file"));

    Path sealed = Files.createDirectories(folder.data().resolve("sealed"));
    Files.setPosixFilePermissions(sealed, PosixFilePermissions.fromString("r-xr-xr-x"));
    Assumptions.assumeFalse(Files.isWritable(sealed), "root may write everywhere");
    request.withObject("/outputDataConfig/s3OutputDataConfig").put("s3Uri", folder.uri("sealed"));
    assertFails(request, "access denied");
  }

  @Test
  void keepsWhatIsFinishedWhereTheOutputGoesAway() throws Exception {
    inference.open.drainPermits();
    Job job =
        ((BatchJobs.Outcome.Done)
                jobs.create(
                    JobRequest.read(folder.request(folder.writeRecords("a.jsonl", 3))), CALLER))
            .job();
    Await.until(() -> inference.begun.size() == 3);
    Path out = folder.data().resolve("out").resolve(job.id());
    Files.delete(out);
    Files.writeString(out, "in the way");
    inference.free();
    Await.until(() -> job.state().status().ended());

    assertThat(job.state().status()).isEqualTo(JobStatus.FAILED);
    assertThat(job.state().message()).startsWith("Cannot write " + folder.uri("out"));
    try (Spool kept =
        Spool.open(
            folder.state().resolve(job.id()).resolve("out/0.records"), JobServers.untold())) {
      assertThat(kept.recovered().success()).isEqualTo(3);
    }
    assertThat(new String(Files.readAllBytes(out), UTF_8)).isEqualTo("in the way");
  }
}
