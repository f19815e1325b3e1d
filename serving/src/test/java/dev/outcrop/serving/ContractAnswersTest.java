package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.batching.SubmitResult;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.RawHttp2;
import dev.outcrop.serving.testing.ServiceModel;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import software.amazon.eventstream.Message;

/** Our answers held to the published service model: every member is modelled, typed and bounded. */
final class ContractAnswersTest {
  private static final String MESSAGES =
      "\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]";
  private static final String EVERYTHING =
      """
      {%s,"system":[{"text":"s"},{"cachePoint":{"type":"default"}}],
      "inferenceConfig":{"stopSequences":["STOP"]},"additionalModelResponseFieldPaths":["/stop_sequence"],
      "toolConfig":{"tools":[{"toolSpec":{"name":"weather","inputSchema":{"json":{}}}}]},
      "performanceConfig":{"latency":"optimized"},"serviceTier":{"type":"flex"}}
      """
          .formatted(MESSAGES);
  private static final String ANSWER =
      "<think>Hm.</think>I look.\n"
          + "<tool_call>{\"name\":\"weather\",\"arguments\":{\"city\":\"Oslo\"}}</tool_call>";

  private final ObjectMapper mapper = new ObjectMapper();
  private volatile String completion = ANSWER;
  private ServiceModel model;
  private TestServer server;

  @BeforeEach
  void start() throws IOException {
    model = ServiceModel.runtime();
    server = new TestServer(request -> completion);
    server.batcher.cachedTokens = 4;
    server.batcher.writtenTokens = 3;
  }

  @AfterEach
  void stop() {
    if (server != null) {
      server.close();
    }
  }

  @Test
  void converse() throws IOException {
    Set<String> members = new TreeSet<>();
    for (String text : List.of(ANSWER, "", "Well STOP", "<tool_call>{\"name\":\"weather\"")) {
      completion = text;
      for (String body : List.of(EVERYTHING, "{" + MESSAGES + "}")) {
        RawHttp.Response response = post("converse", body);
        assertThat(response.status()).as(response.text()).isEqualTo(200);
        JsonNode answer = mapper.readTree(response.body());
        assertThat(model.problems("ConverseResponse", answer)).isEmpty();
        answer.fieldNames().forEachRemaining(members::add);
      }
    }

    // What is left is a guardrail's.
    assertThat(members).isEqualTo(without(model.members("ConverseResponse").keySet(), "trace"));
  }

  @Test
  void converseStream() throws IOException {
    Set<String> events = new TreeSet<>();
    for (String text : List.of(ANSWER, "", "Well STOP", "<tool_call>{\"name\":\"weather\"")) {
      completion = text;
      RawHttp.Response response = post("converse-stream", EVERYTHING);
      assertThat(response.header("Content-Type")).isEqualTo("application/vnd.amazon.eventstream");
      for (Message message : RawHttp2.messages(response.body())) {
        events.add(event("ConverseStreamOutput", message));
      }
    }

    assertThat(events)
        .containsExactly(
            "contentBlockDelta",
            "contentBlockStart",
            "contentBlockStop",
            "messageStart",
            "messageStop",
            "metadata");
  }

  @Test
  void converseStreamThatBreaksOff() throws IOException {
    completion = "Hello";
    server.batcher.failAfter = 2;
    List<String> exceptions = new ArrayList<>();
    for (ModelError error : List.of(ModelError.ENGINE_DEAD, ModelError.STEP_FAILED)) {
      server.batcher.failure = new OutcropException(error, "broken");
      List<Message> messages =
          RawHttp2.messages(post("converse-stream", "{" + MESSAGES + "}").body());
      exceptions.add(event("ConverseStreamOutput", messages.getLast()));
      List<Message> chunks =
          RawHttp2.messages(post("invoke-with-response-stream", "{\"prompt\":\"hi\"}").body());
      exceptions.add(event("ResponseStream", chunks.getLast()));
    }

    assertThat(exceptions)
        .containsExactly(
            "serviceUnavailableException",
            "serviceUnavailableException",
            "modelStreamErrorException",
            "modelStreamErrorException");
  }

  @Test
  void invokeModel() throws IOException {
    String headers =
        "X-Amzn-Bedrock-PerformanceConfig-Latency: optimized\r\nX-Amzn-Bedrock-Service-Tier: flex\r\n";
    for (String operation : List.of("InvokeModel", "InvokeModelWithResponseStream")) {
      JsonNode http = model.operation(operation).get("http");
      String path = http.get("requestUri").textValue().replace("{modelId}", "demo");
      try (RawHttp connection = new RawHttp(server.server.port())) {
        connection.write(RawHttp.request("POST", path, "{\"prompt\":\"hi\"}", headers));
        RawHttp.Response response = connection.response();

        assertThat(response.status()).isEqualTo(http.get("responseCode").intValue());
        model
            .shape(operation + "Response")
            .get("members")
            .elements()
            .forEachRemaining(member -> header(member, response));
        if (operation.endsWith("Stream")) {
          for (Message message : RawHttp2.messages(response.body())) {
            assertThat(event("ResponseStream", message)).isEqualTo("chunk");
          }
        }
      }
    }
  }

  @Test
  void countTokens() throws IOException {
    RawHttp.Response response =
        post("count-tokens", "{\"input\":{\"converse\":{" + MESSAGES + "}}}");

    assertThat(model.problems("CountTokensResponse", mapper.readTree(response.body()))).isEmpty();
  }

  @Test
  void errors() throws IOException {
    String unknown = "arn:aws:bedrock:us-east-1:123456789012:imported-model/abcdefghij12";
    for (String operation : List.of("Converse", "ConverseStream", "CountTokens", "InvokeModel")) {
      String uri = model.operation(operation).at("/http/requestUri").textValue();
      String body =
          switch (operation) {
            case "CountTokens" -> "{\"input\":{\"converse\":{" + MESSAGES + "}}}";
            case "InvokeModel" -> "{\"prompt\":\"hi\"}";
            default -> "{" + MESSAGES + "}";
          };
      error(
          operation,
          400,
          RawHttp.post(server.server.port(), uri.replace("{modelId}", "demo"), "{"));
      error(
          operation,
          404,
          RawHttp.post(server.server.port(), uri.replace("{modelId}", unknown), body));
      server.text.fault = () -> new IllegalStateException("fault");
      if (!operation.equals("InvokeModel")) {
        error(
            operation,
            500,
            RawHttp.post(server.server.port(), uri.replace("{modelId}", "demo"), body));
      }
      server.text.fault = null;
      if (!operation.equals("CountTokens")) {
        server.batcher.refusal = refusal(SubmitResult.Reason.OVERLOADED);
        error(
            operation,
            429,
            RawHttp.post(server.server.port(), uri.replace("{modelId}", "demo"), body));
        server.batcher.refusal = refusal(SubmitResult.Reason.UNAVAILABLE);
        error(
            operation,
            503,
            RawHttp.post(server.server.port(), uri.replace("{modelId}", "demo"), body));
        server.batcher.refusal = null;
      }
    }
  }

  private void error(String operation, int status, RawHttp.Response response) throws IOException {
    String type = response.header("x-amzn-ErrorType");
    assertThat(response.status()).as(operation + " " + response.text()).isEqualTo(status);
    assertThat(model.operation(operation).get("errors").findValuesAsText("shape")).contains(type);
    assertThat(model.shape(type).at("/error/httpStatusCode").intValue()).isEqualTo(status);
    assertThat(model.problems(type, mapper.readTree(response.body()))).isEmpty();
  }

  private static SubmitResult.Rejected refusal(SubmitResult.Reason reason) {
    return new SubmitResult.Rejected(reason, "no", Duration.ofSeconds(1));
  }

  private void header(JsonNode member, RawHttp.Response response) {
    if (member.path("location").asText().equals("header")) {
      String name = member.get("locationName").textValue();
      assertThat(response.headers()).containsKey(name.toLowerCase(java.util.Locale.ROOT));
      assertThat(
              model.problems(
                  member.get("shape").textValue(),
                  mapper.getNodeFactory().textNode(response.header(name))))
          .as(name)
          .isEmpty();
    }
  }

  /** Checks a frame, and answers the member of the stream that it is. */
  private String event(String stream, Message message) throws IOException {
    String kind = message.getHeaders().get(":message-type").getString();
    String type = message.getHeaders().get(":" + kind + "-type").getString();
    ObjectNode payload = (ObjectNode) mapper.readTree(message.getPayload());
    boolean padded = payload.remove("p") != null;
    String shape = model.members(stream).get(type);

    assertThat(shape).as(type).isNotNull();
    assertThat(model.shape(shape).path("exception").asBoolean())
        .isEqualTo(kind.equals("exception"));
    assertThat(padded).isEqualTo(kind.equals("event"));
    assertThat(message.getHeaders().get(":content-type").getString()).isEqualTo("application/json");
    assertThat(model.problems(shape, payload)).as(type).isEmpty();
    return type;
  }

  private RawHttp.Response post(String operation, String body) throws IOException {
    return RawHttp.post(server.server.port(), "/model/demo/" + operation, body);
  }

  private static Set<String> without(Set<String> all, String one) {
    Set<String> rest = new TreeSet<>(all);
    rest.remove(one);
    return rest;
  }
}
