package dev.outcrop.serving.batchjobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.testing.Mutations;
import dev.outcrop.serving.testing.Mutations.Mutation;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.ServiceModel;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Batch inference held to the published service model, as the operations that generate are. */
final class ContractJobsTest {
  private static final String PATH = "/model-invocation-job";

  /** Places may be folders, which the model does not know. */
  private static final Set<String> PLACES =
      Set.of(
          "ModelInvocationJobS3InputDataConfig.s3Uri",
          "ModelInvocationJobS3OutputDataConfig.s3Uri");

  private final ObjectMapper mapper = new ObjectMapper();
  @TempDir private Path temp;
  private ServiceModel model;
  private JobFolder folder;
  private TestServer server;

  @BeforeEach
  void start() throws IOException {
    model = ServiceModel.control();
    folder = new JobFolder(temp);
    server = new TestServer(request -> "ok", config -> config.withBatchJobs(folder.config()));
  }

  @AfterEach
  void stop() {
    if (server != null) {
      server.close();
    }
  }

  @Test
  void holdsNewJobsToTheModel() throws IOException {
    ObjectNode good =
        folder.request(folder.write("in.jsonl", "{\"modelInput\":{\"prompt\":\"a\"}}"));
    good.put("clientRequestToken", "token-1").put("modelInvocationType", "InvokeModel");
    good.put("timeoutDurationInHours", 24);
    good.withObject("/inputDataConfig/s3InputDataConfig")
        .put("s3InputFormat", "JSONL")
        .put("s3BucketOwner", "123456789012");
    good.withObject("/outputDataConfig/s3OutputDataConfig")
        .put("s3EncryptionKeyId", "alias/key")
        .put("s3BucketOwner", "123456789012");
    good.putObject("vpcConfig").putArray("subnetIds").add("subnet-1");
    good.withObject("/vpcConfig").putArray("securityGroupIds").add("sg-1");
    good.putArray("tags").addObject().put("key", "team").put("value", "a");
    List<String> wrong = new ArrayList<>();

    RawHttp.Response created = post(good);
    assertThat(created.status()).as(created.text()).isEqualTo(200);
    assertThat(model.problems("CreateModelInvocationJobResponse", mapper.readTree(created.body())))
        .isEmpty();
    List<Mutation> mutations = Mutations.of(model, "CreateModelInvocationJobRequest", good, PLACES);
    for (Mutation mutation : mutations) {
      RawHttp.Response response = post(mutation.request());
      boolean holds =
          switch (mutation.verdict()) {
            case GOOD -> response.status() == 200;
            case BAD, OTHER ->
                response.status() == 400
                    && "ValidationException".equals(response.header("x-amzn-ErrorType"));
          };
      if (!holds) {
        wrong.add("%s: %s %s".formatted(mutation.verdict(), mutation, response.text()));
      }
    }

    assertThat(wrong).isEmpty();
    assertThat(mutations).hasSizeGreaterThan(60);
  }

  @Test
  void answersAsTheModelSays() throws IOException {
    ObjectNode job =
        folder.request(folder.write("in.jsonl", "{\"modelInput\":{\"prompt\":\"a\"}}"));
    String arn = mapper.readTree(post(job).body()).get("jobArn").textValue();
    String path = PATH + "/" + arn.replace(":", "%3A").replace("/", "%2F");

    holds("GetModelInvocationJobResponse", send("GET", path));
    holds("ListModelInvocationJobsResponse", send("GET", "/model-invocation-jobs"));
    RawHttp.Response stopped = send("POST", path + "/stop");
    if (stopped.status() == 200) {
      holds("StopModelInvocationJobResponse", stopped);
    } else {
      error("StopModelInvocationJob", stopped, "ConflictException");
    }
    error(
        "GetModelInvocationJob", send("GET", PATH + "/abcdefghijkl"), "ResourceNotFoundException");
    error("GetModelInvocationJob", send("GET", PATH + "/x"), "ValidationException");
  }

  @Test
  void holdsTheQueryToTheModel() throws IOException {
    List<String> wrong = model.wrongQueries("ListModelInvocationJobsRequest");

    assertThat(wrong).hasSizeGreaterThan(10);
    for (String query : wrong) {
      assertThat(send("GET", "/model-invocation-jobs" + query).status()).as(query).isEqualTo(400);
    }
    for (String query : model.rightQueries("ListModelInvocationJobsRequest")) {
      assertThat(send("GET", "/model-invocation-jobs" + query).status()).as(query).isEqualTo(200);
    }
  }

  private void holds(String shape, RawHttp.Response response) throws IOException {
    assertThat(response.status()).as(response.text()).isEqualTo(200);
    assertThat(model.problems(shape, mapper.readTree(response.body())))
        .allMatch(problem -> problem.contains("s3Uri does not match"));
  }

  private void error(String operation, RawHttp.Response response, String type) throws IOException {
    assertThat(response.header("x-amzn-ErrorType")).as(response.text()).isEqualTo(type);
    assertThat(model.operation(operation).get("errors").findValuesAsText("shape")).contains(type);
    assertThat(model.shape(type).at("/error/httpStatusCode").intValue())
        .isEqualTo(response.status());
    assertThat(model.problems(type, mapper.readTree(response.body()))).isEmpty();
  }

  private RawHttp.Response post(JsonNode body) throws IOException {
    return RawHttp.post(server.server.port(), PATH, body.toString());
  }

  private RawHttp.Response send(String method, String path) throws IOException {
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(RawHttp.request(method, path, "", ""));
      return http.response();
    }
  }
}
