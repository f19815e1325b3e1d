package dev.outcrop.serving.batchjobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outcrop.batching.Tier;
import dev.outcrop.serving.config.CatalogConfig;
import dev.outcrop.serving.testing.Await;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.TestServer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.bedrock.BedrockClient;
import software.amazon.awssdk.services.bedrock.model.ConflictException;
import software.amazon.awssdk.services.bedrock.model.CreateModelInvocationJobRequest;
import software.amazon.awssdk.services.bedrock.model.GetModelInvocationJobResponse;
import software.amazon.awssdk.services.bedrock.model.ModelInvocationJobStatus;
import software.amazon.awssdk.services.bedrock.model.ModelInvocationJobSummary;
import software.amazon.awssdk.services.bedrock.model.ModelInvocationType;
import software.amazon.awssdk.services.bedrock.model.ResourceNotFoundException;
import software.amazon.awssdk.services.bedrock.model.S3InputFormat;
import software.amazon.awssdk.services.bedrock.model.SortJobsBy;
import software.amazon.awssdk.services.bedrock.model.SortOrder;
import software.amazon.awssdk.services.bedrock.model.Tag;
import software.amazon.awssdk.services.bedrock.model.ValidationException;

/** Batch inference with the real AWS SDK, through the bodies that InvokeModel and Converse take. */
final class BatchJobsSdkTest {
  private static final String ROLE = "arn:aws:iam::123456789012:role/batch";

  @TempDir private Path temp;
  private JobFolder folder;
  private TestServer server;
  private BedrockClient client;

  @BeforeEach
  void start() {
    folder = new JobFolder(temp);
    server =
        new TestServer(
            request -> "Hello!",
            config ->
                config
                    .withBatchJobs(folder.config())
                    .withCatalog(new CatalogConfig("eu-west-1", "123456789012")));
    client =
        BedrockClient.builder()
            .endpointOverride(server.endpoint())
            .region(Region.US_EAST_1)
            .credentialsProvider(
                StaticCredentialsProvider.create(AwsBasicCredentials.create("any", "any")))
            .overrideConfiguration(c -> c.retryStrategy(r -> r.maxAttempts(1)))
            .build();
  }

  @AfterEach
  void stop() {
    client.close();
    server.close();
  }

  private CreateModelInvocationJobRequest.Builder job(String input) {
    folder.request(input);
    return CreateModelInvocationJobRequest.builder()
        .jobName("nightly")
        .roleArn(ROLE)
        .modelId(TestServer.MODEL)
        .inputDataConfig(
            in -> in.s3InputDataConfig(s3 -> s3.s3Uri(input).s3InputFormat(S3InputFormat.JSONL)))
        .outputDataConfig(out -> out.s3OutputDataConfig(s3 -> s3.s3Uri(folder.uri("out"))));
  }

  private GetModelInvocationJobResponse awaitEnd(String arn) throws InterruptedException {
    Await.until(() -> client.getModelInvocationJob(r -> r.jobIdentifier(arn)).endTime() != null);
    return client.getModelInvocationJob(r -> r.jobIdentifier(arn));
  }

  private static String id(String arn) {
    return arn.substring(arn.lastIndexOf('/') + 1);
  }

  @Test
  void runsTheBodiesOfInvokeModel() throws Exception {
    String input =
        folder.write(
            "in/calls.jsonl",
            """
            {"recordId":"LLAMA","modelInput":{"prompt":"hi","max_gen_len":50}}
            {"recordId":"CHAT","modelInput":{"messages":[{"role":"user","content":"hi"}]}}
            {"recordId":"WRONG","modelInput":{"text":"hi"}}
            """);
    Instant before = Instant.now().minusSeconds(1);
    String arn =
        client.createModelInvocationJob(job(input).timeoutDurationInHours(48).build()).jobArn();
    GetModelInvocationJobResponse done = awaitEnd(arn);

    assertThat(done.status()).isEqualTo(ModelInvocationJobStatus.COMPLETED);
    assertThat(done.jobArn())
        .isEqualTo(arn)
        .matches("arn:aws:bedrock:eu-west-1:123456789012:model-invocation-job/[a-z0-9]{12}");
    assertThat(done.jobName()).isEqualTo("nightly");
    assertThat(done.modelId()).isEqualTo(TestServer.MODEL);
    assertThat(done.roleArn()).isEqualTo(ROLE);
    assertThat(done.clientRequestToken()).isNotEmpty();
    assertThat(done.message()).isNull();
    assertThat(done.submitTime()).isBetween(before, done.endTime());
    assertThat(done.lastModifiedTime()).isEqualTo(done.endTime());
    assertThat(done.jobExpirationTime()).isEqualTo(done.submitTime().plusSeconds(48 * 3_600));
    assertThat(done.timeoutDurationInHours()).isEqualTo(48);
    assertThat(done.inputDataConfig().s3InputDataConfig().s3Uri()).isEqualTo(input);
    assertThat(done.outputDataConfig().s3OutputDataConfig().s3Uri()).isEqualTo(folder.uri("out"));
    assertThat(done.totalRecordCount()).isEqualTo(3);
    assertThat(done.processedRecordCount()).isEqualTo(3);
    assertThat(done.successRecordCount()).isEqualTo(2);
    assertThat(done.errorRecordCount()).isEqualTo(1);

    List<JsonNode> lines = folder.output(id(arn), "calls.jsonl.out");
    assertThat(line(lines, "LLAMA").toString())
        .isEqualTo(
            "{\"recordId\":\"LLAMA\",\"modelInput\":{\"prompt\":\"hi\",\"max_gen_len\":50},"
                + "\"modelOutput\":{\"generation\":\"Hello!\",\"prompt_token_count\":2,"
                + "\"generation_token_count\":7,\"stop_reason\":\"stop\"}}");
    assertThat(line(lines, "CHAT").at("/modelOutput/choices/0/message/content").asText())
        .isEqualTo("Hello!");
    assertThat(line(lines, "WRONG").at("/error/errorCode").asInt()).isEqualTo(400);
    assertThat(line(lines, "WRONG").at("/error/errorMessage").asText()).isNotEmpty();
    assertThat(folder.manifest(id(arn)).get("outputTokenCount").asInt()).isEqualTo(14);
    assertThat(server.batcher.requests)
        .hasSize(2)
        .allSatisfy(request -> assertThat(request.service().tier()).isEqualTo(Tier.FLEX));
    assertThat(server.batcher.open()).isZero();
    assertThat(server.metrics())
        .contains("api=\"batch\",feature=\"\",kind=\"completion\",} 14.0")
        .doesNotContain("api=\"invoke\"");
  }

  private static JsonNode line(List<JsonNode> lines, String record) {
    return lines.stream()
        .filter(line -> line.get("recordId").asText().equals(record))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void runsTheBodyOfConverse() throws Exception {
    String input =
        folder.write(
            "in/talks.jsonl",
            "{\"modelInput\":{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}],"
                + "\"serviceTier\":{\"type\":\"priority\"}}}");
    String arn =
        client
            .createModelInvocationJob(
                job(input).modelInvocationType(ModelInvocationType.CONVERSE).build())
            .jobArn();
    GetModelInvocationJobResponse done = awaitEnd(arn);

    assertThat(done.modelInvocationType()).isEqualTo(ModelInvocationType.CONVERSE);
    JsonNode output = folder.output(id(arn), "talks.jsonl.out").getFirst().get("modelOutput");
    assertThat(output.at("/output/message/content/0/text").asText()).isEqualTo("Hello!");
    assertThat(output.at("/serviceTier/type").asText()).isEqualTo("flex");
    assertThat(folder.manifest(id(arn)).get("inputTokenCount").asInt())
        .isEqualTo(output.at("/usage/inputTokens").asInt())
        .isPositive();
  }

  @Test
  void stopsAndShowsProgress() throws Exception {
    server.batcher.hold = true;
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      text.append("{\"modelInput\":{\"prompt\":\"hi\"}}\n");
    }
    String arn =
        client
            .createModelInvocationJob(job(folder.write("a.jsonl", text.toString())).build())
            .jobArn();
    Await.until(() -> server.batcher.streams.size() == 16);
    server.batcher.streams.getFirst().release(100);
    Await.until(
        () -> get(arn).processedRecordCount() != null && get(arn).processedRecordCount() == 1);
    assertThat(get(arn).status()).isEqualTo(ModelInvocationJobStatus.IN_PROGRESS);
    assertThat(get(arn).totalRecordCount()).isEqualTo(40);

    client.stopModelInvocationJob(r -> r.jobIdentifier(id(arn)));
    GetModelInvocationJobResponse done = awaitEnd(arn);
    assertThat(done.status()).isEqualTo(ModelInvocationJobStatus.STOPPED);
    assertThat(folder.output(id(arn), "a.jsonl.out")).hasSize(1);
    Await.until(() -> server.batcher.open() == 0);
    assertThatThrownBy(() -> client.stopModelInvocationJob(r -> r.jobIdentifier(arn)))
        .isInstanceOf(ConflictException.class)
        .hasMessageContaining("Stopped");
  }

  private GetModelInvocationJobResponse get(String arn) {
    return client.getModelInvocationJob(r -> r.jobIdentifier(arn));
  }

  @Test
  void listsInPagesByTimeNameAndStatus() throws Exception {
    String input = folder.write("a.jsonl", "{\"modelInput\":{\"prompt\":\"hi\"}}");
    for (int i = 0; i < 5; i++) {
      awaitEnd(
          client
              .createModelInvocationJob(job(input).jobName(i % 2 == 0 ? "even" : "odd").build())
              .jobArn());
    }
    Set<String> seen = new HashSet<>();
    List<ModelInvocationJobSummary> all =
        client
            .listModelInvocationJobsPaginator(
                r ->
                    r.maxResults(2).sortBy(SortJobsBy.CREATION_TIME).sortOrder(SortOrder.ASCENDING))
            .invocationJobSummaries()
            .stream()
            .filter(job -> seen.add(job.jobArn()))
            .toList();
    assertThat(all).hasSize(5);
    assertThat(all).extracting(ModelInvocationJobSummary::submitTime).isSorted();
    List<ModelInvocationJobSummary> newest =
        client.listModelInvocationJobs(r -> r.maxResults(3)).invocationJobSummaries();
    assertThat(newest).containsExactlyElementsOf(all.reversed().subList(0, 3));
    assertThat(client.listModelInvocationJobs(r -> r.nameContains("ve")).invocationJobSummaries())
        .hasSize(3)
        .allSatisfy(job -> assertThat(job.jobName()).isEqualTo("even"));
    assertThat(
            client
                .listModelInvocationJobs(r -> r.statusEquals(ModelInvocationJobStatus.FAILED))
                .invocationJobSummaries())
        .isEmpty();
    assertThat(
            client
                .listModelInvocationJobs(
                    r -> r.submitTimeBefore(all.get(2).submitTime()).submitTimeAfter(Instant.EPOCH))
                .invocationJobSummaries())
        .hasSizeLessThanOrEqualTo(2);
    assertThatThrownBy(() -> client.listModelInvocationJobs(r -> r.maxResults(1_001)))
        .isInstanceOf(ValidationException.class);
    assertThatThrownBy(() -> client.listModelInvocationJobs(r -> r.nextToken("made-up")))
        .isInstanceOf(ValidationException.class);
  }

  @Test
  void keepsTagsAndTokens() {
    String input = folder.write("a.jsonl", "{\"modelInput\":{\"prompt\":\"hi\"}}");
    Tag tag = Tag.builder().key("team").value("search").build();
    CreateModelInvocationJobRequest request =
        job(input).clientRequestToken("once").tags(tag).build();
    String arn = client.createModelInvocationJob(request).jobArn();

    assertThat(client.createModelInvocationJob(request).jobArn()).isEqualTo(arn);
    assertThatThrownBy(
            () ->
                client.createModelInvocationJob(
                    job(input).clientRequestToken("once").jobName("other").build()))
        .isInstanceOf(ConflictException.class);
    assertThat(client.listTagsForResource(r -> r.resourceARN(arn)).tags()).containsExactly(tag);
    String old = "arn:aws:bedrock:us-east-1:000000000000:model-invocation-job/" + id(arn);
    assertThat(get(old).jobArn()).isEqualTo(arn);
  }

  @Test
  void refusesWhatCanNeverRun() {
    String input = folder.write("a.jsonl", "{\"modelInput\":{\"prompt\":\"hi\"}}");
    String unknown = "arn:aws:bedrock:us-east-1:123456789012:imported-model/abcdefghij12";
    assertThatThrownBy(() -> client.createModelInvocationJob(job(input).modelId(unknown).build()))
        .isInstanceOf(ResourceNotFoundException.class);
    assertThatThrownBy(() -> client.createModelInvocationJob(job(input).modelId("none").build()))
        .isInstanceOf(ValidationException.class);
    assertThatThrownBy(() -> client.createModelInvocationJob(job(input).jobName("-").build()))
        .isInstanceOf(ValidationException.class)
        .hasMessageContaining("jobName");
    assertThatThrownBy(() -> client.createModelInvocationJob(job(input).roleArn("me").build()))
        .isInstanceOf(ValidationException.class)
        .hasMessageContaining("roleArn");
    assertThatThrownBy(
            () -> client.createModelInvocationJob(job(input).timeoutDurationInHours(23).build()))
        .isInstanceOf(ValidationException.class)
        .hasMessageContaining("timeoutDurationInHours");
    assertThatThrownBy(() -> client.createModelInvocationJob(job("file:///etc/passwd").build()))
        .isInstanceOf(ValidationException.class)
        .hasMessageContaining("locations");
    assertThatThrownBy(() -> client.createModelInvocationJob(job("s3://bucket/a.jsonl").build()))
        .isInstanceOf(ValidationException.class);
    assertThatThrownBy(() -> get("abcdefghijkl")).isInstanceOf(ResourceNotFoundException.class);
    assertThatThrownBy(() -> get("nothing")).isInstanceOf(ValidationException.class);
    assertThat(client.listModelInvocationJobs(r -> {}).invocationJobSummaries()).isEmpty();
  }

  @Test
  void saysSoWhereItIsNotSetUp() throws Exception {
    try (TestServer none = new TestServer(request -> "Hello!")) {
      RawHttp.Response response =
          RawHttp.post(none.server.port(), "/model-invocation-job", "{\"jobName\":\"a\"}");
      assertThat(response.status()).isEqualTo(400);
      assertThat(response.text()).contains("batch-jobs.folder");
    }
  }
}
