package dev.outcrop.serving.batchjobs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.robothy.s3.rest.LocalS3;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.auth.Caller;
import dev.outcrop.serving.config.BatchJobsConfig;
import dev.outcrop.serving.config.S3Config;
import dev.outcrop.serving.json.Json;
import dev.outcrop.serving.testing.Await;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.S3Object;

/** Jobs over a server that speaks S3, through the same AWS SDK as over S3 itself. */
final class S3JobsTest {
  private static final Caller CALLER = new Caller.Tenant("acme", 1);
  private static LocalS3 s3;
  private static S3Client client;

  @TempDir private Path temp;
  private final FakeInference inference = new FakeInference();
  private BatchJobs jobs;

  @BeforeAll
  static void start() {
    s3 = LocalS3.builder().port(-1).build();
    s3.start();
    System.setProperty("aws.accessKeyId", "any");
    System.setProperty("aws.secretAccessKey", "any");
    client =
        S3Client.builder()
            .endpointOverride(URI.create(endpoint()))
            .forcePathStyle(true)
            .region(Region.US_EAST_1)
            .httpClientBuilder(UrlConnectionHttpClient.builder())
            .credentialsProvider(
                StaticCredentialsProvider.create(AwsBasicCredentials.create("any", "any")))
            .build();
    client.createBucket(r -> r.bucket("input"));
    client.createBucket(r -> r.bucket("output"));
  }

  @AfterAll
  static void stop() {
    client.close();
    s3.shutdown();
    System.clearProperty("aws.accessKeyId");
    System.clearProperty("aws.secretAccessKey");
  }

  private static String endpoint() {
    return "http://127.0.0.1:" + s3.getPort();
  }

  @BeforeEach
  void open() throws IOException {
    jobs = open(endpoint());
  }

  @AfterEach
  void close() {
    jobs.close();
  }

  private BatchJobs open(String at) throws IOException {
    BatchJobsConfig defaults = BatchJobsConfig.DEFAULT;
    BatchJobsConfig config =
        new BatchJobsConfig(
            temp,
            List.of("s3://input", "s3://output/{tenant}"),
            new S3Config(at, "us-east-1"),
            4,
            8,
            20,
            defaults.maxRecord(),
            defaults.maxInput(),
            defaults.maxRecords(),
            Duration.ofHours(1));
    BatchJobs opened =
        BatchJobs.open(config, temp, inference, new Json(100_000_000), Clock.systemUTC());
    opened.start();
    return opened;
  }

  private static ObjectNode request(String input, String output) {
    ObjectNode body = JobFolder.JSON.createObjectNode();
    body.put("jobName", "job").put("modelId", "demo");
    body.put("roleArn", "arn:aws:iam::123456789012:role/x");
    body.putObject("inputDataConfig").putObject("s3InputDataConfig").put("s3Uri", input);
    body.putObject("outputDataConfig").putObject("s3OutputDataConfig").put("s3Uri", output);
    return body;
  }

  private Job submit(ObjectNode request) throws Exception {
    return ((BatchJobs.Outcome.Done) jobs.create(JobRequest.read(request), CALLER)).job();
  }

  private Job run(ObjectNode request) throws Exception {
    Job job = submit(request);
    Await.until(() -> job.state().status().ended());
    return job;
  }

  private static void put(String key, String text) {
    client.putObject(r -> r.bucket("input").key(key), RequestBody.fromString(text));
  }

  private static String output(String key) throws IOException {
    try (ResponseInputStream<GetObjectResponse> in =
        client.getObject(r -> r.bucket("output").key(key))) {
      return new String(in.readAllBytes(), UTF_8);
    }
  }

  private static List<String> outputs(Job job) {
    return client
        .listObjectsV2(r -> r.bucket("output").prefix("acme/results/" + job.id() + "/"))
        .contents()
        .stream()
        .map(S3Object::key)
        .map(key -> key.substring(key.lastIndexOf('/') + 1))
        .toList();
  }

  private static String records(int count) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < count; i++) {
      text.append("{\"recordId\":\"R%d\",\"modelInput\":{\"number\":%d}}\n".formatted(i, i));
    }
    return text.toString();
  }

  @Test
  void readsAndWritesObjects() throws Exception {
    put("one/a.jsonl", records(3));
    put("one/b.jsonl", records(2));
    put("one/readme.md", "not for you");
    put("one/deeper/c.jsonl", records(1));
    inference.free();
    Job all = run(request("s3://input/one/", "s3://output/acme/results/"));

    assertThat(all.state().message()).isNull();
    assertThat(all.state().status()).isEqualTo(JobStatus.COMPLETED);
    assertThat(outputs(all))
        .containsExactlyInAnyOrder("a.jsonl.out", "b.jsonl.out", "manifest.json.out");
    assertThat(output("acme/results/" + all.id() + "/a.jsonl.out").lines()).hasSize(3);
    assertThat(output("acme/results/" + all.id() + "/manifest.json.out"))
        .contains("\"successRecordCount\":5");
    Job one = run(request("s3://input/one/deeper/c.jsonl", "s3://output/acme/results"));
    assertThat(outputs(one)).containsExactlyInAnyOrder("c.jsonl.out", "manifest.json.out");
  }

  @Test
  void writesLargeOutputInPartsWhole() throws Exception {
    Random random = new Random(7);
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 12; i++) {
      text.append("{\"recordId\":\"R").append(i).append("\",\"modelInput\":{\"blob\":\"");
      random.ints(1_000_000, 'a', 'z').forEach(c -> text.append((char) c));
      text.append("\"}}\n");
    }
    put("large/a.jsonl", text.toString());
    inference.free();
    Job job = run(request("s3://input/large/a.jsonl", "s3://output/acme/results"));

    assertThat(job.state().status()).isEqualTo(JobStatus.COMPLETED);
    String output = output("acme/results/" + job.id() + "/a.jsonl.out");
    assertThat(output.length()).isGreaterThan(24_000_000);
    assertThat(output.lines().sorted().toList())
        .isEqualTo(
            text.toString()
                .lines()
                .map(
                    line -> {
                      String input = line.substring(line.indexOf("{\"blob"), line.length() - 1);
                      return line.substring(0, line.length() - 1)
                          + ",\"modelOutput\":"
                          + input
                          + "}";
                    })
                .sorted()
                .toList());
  }

  @Test
  void goesOnWithoutItsInputAfterARestart() throws Exception {
    put("gone/a.jsonl", records(30));
    Job job = submit(request("s3://input/gone/a.jsonl", "s3://output/acme/results"));
    inference.open.release(10);
    Await.until(() -> job.state().progress().processed() == 10);
    jobs.close();
    client.deleteObject(r -> r.bucket("input").key("gone/a.jsonl"));
    inference.begun.clear();
    inference.free();
    jobs = open(endpoint());
    Job same = jobs.find(job.id(), CALLER).orElseThrow();
    Await.until(() -> same.state().status().ended());

    assertThat(same.state().progress().success()).isEqualTo(30);
    assertThat(inference.begun).hasSize(20);
    assertThat(output("acme/results/" + job.id() + "/a.jsonl.out").lines()).hasSize(30);
  }

  @Test
  void failsWhereThereAreTooManyObjects() throws Exception {
    for (int i = 0; i <= Storage.MOST_FILES; i++) {
      put("many/" + i + ".jsonl", "");
    }
    assertThat(run(request("s3://input/many/", "s3://output/acme/results")).state().message())
        .isEqualTo("s3://input/many/ holds more than 1000 .jsonl files");
  }

  @Test
  void saysWhyAJobFails() throws Exception {
    put("ok/a.jsonl", records(1));
    assertThat(run(request("s3://input/none.jsonl", "s3://output/acme")).state().message())
        .isEqualTo("Cannot read s3://input/none.jsonl: no such object");
    assertThat(run(request("s3://input/none/", "s3://output/acme")).state().message())
        .isEqualTo("s3://input/none/ holds no .jsonl file");
    assertThatThrownBy(() -> submit(request("s3://input/ok/a.jsonl", "s3://output/other/x")))
        .isInstanceOf(OutcropException.class)
        .hasMessageContaining("batch-jobs.locations");
    jobs.close();
    jobs = open("http://127.0.0.1:1");
    assertThat(run(request("s3://input/ok/a.jsonl", "s3://output/acme")).state().message())
        .isEqualTo("Cannot write s3://output/acme: no connection, or no credentials");
    assertThat(inference.begun).isEmpty();
  }
}
