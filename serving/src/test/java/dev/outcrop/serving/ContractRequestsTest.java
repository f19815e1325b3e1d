package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.serving.testing.Mutations;
import dev.outcrop.serving.testing.Mutations.Mutation;
import dev.outcrop.serving.testing.Mutations.Verdict;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.ServiceModel;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Requests held to the published service model: every member that it has is taken as it is typed
 * and bounded there, or refused by its name; members that it does not have are ignored.
 */
final class ContractRequestsTest {
  /** Uses every member that this server takes. */
  private static final String PROMPT =
      """
      "system":[{"text":"Be brief."},{"cachePoint":{"type":"default","ttl":"5m"}}],
      "messages":[
       {"role":"user","content":[{"text":"Weather?"},
        {"document":{"format":"md","name":"Notes (1)","source":{"bytes":"aGk="},"context":"c","citations":{"enabled":false}}},
        {"document":{"name":"Two","source":{"text":"hi"}}},
        {"document":{"name":"Three","source":{"content":[{"text":"hi"}]}}},
        {"cachePoint":{"type":"default"}}]},
       {"role":"assistant","content":[
        {"reasoningContent":{"reasoningText":{"text":"hm","signature":"s"}}},
        {"reasoningContent":{"redactedContent":"aGk="}},
        {"text":"I look."},
        {"citationsContent":{"content":[{"text":"It rains."}],"citations":[]}},
        {"toolUse":{"toolUseId":"a","name":"weather","input":{"city":"Oslo"},"type":"server_tool_use"}}]},
       {"role":"user","content":[
        {"toolResult":{"toolUseId":"a","status":"success","type":"x","content":[
         {"text":"3"},{"json":{"c":3}},{"document":{"format":"html","name":"Four","source":{"bytes":"aGk="}}}]}},
        {"text":"And?"}]}],
      "toolConfig":{"tools":[
       {"toolSpec":{"name":"weather","description":"Tells it","inputSchema":{"json":{"type":"object"}},"strict":false}},
       {"cachePoint":{"type":"default"}}],"toolChoice":{"auto":{}}},
      "additionalModelRequestFields":{"top_k":40,"enable_thinking":true}
      """;

  private static final String CONVERSE =
      "{"
          + PROMPT
          + """
          ,"inferenceConfig":{"maxTokens":8,"temperature":0.5,"topP":0.5,"stopSequences":["|"]},
          "additionalModelResponseFieldPaths":["/stop_sequence"],
          "requestMetadata":{"team":"a"},
          "outputConfig":{"effort":"low","textFormat":{"type":"json_schema","structure":
           {"jsonSchema":{"schema":"{}","name":"x","description":"y"}}}},
          "performanceConfig":{"latency":"standard"},
          "serviceTier":{"type":"flex"}}
          """;

  /**
   * Nothing reads the sources that other models gave; bodies have a test of their own; any tool may
   * be asked for.
   */
  private static final Set<String> IGNORED =
      Set.of("CitationsContentBlock.citations", "CountTokensInput.invokeModel", "ToolChoice.any");

  private static final String METADATA = "X-Amzn-Bedrock-Request-Metadata";
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private static TestServer server;

  @BeforeAll
  static void start() {
    server = new TestServer(request -> "ok");
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @ParameterizedTest
  @CsvSource({
    "converse, ConverseRequest, 140",
    "converse-stream, ConverseStreamRequest, 140",
    "count-tokens, CountTokensRequest, 90"
  })
  void holdsRequestsToTheModel(String operation, String shape, int atLeast) throws IOException {
    ServiceModel model = ServiceModel.runtime();
    JsonNode good =
        MAPPER.readTree(
            shape.equals("CountTokensRequest")
                ? "{\"input\":{\"converse\":{" + PROMPT + "}}}"
                : CONVERSE);
    List<Mutation> mutations = Mutations.of(model, shape, good, IGNORED);
    List<String> wrong = new ArrayList<>();
    int bad = 0;

    assertThat(post(operation, good).status()).as(post(operation, good).text()).isEqualTo(200);
    for (Mutation mutation : mutations) {
      RawHttp.Response response = post(operation, mutation.request());
      bad += mutation.verdict() == Verdict.BAD ? 1 : 0;
      if (!holds(mutation, response)) {
        wrong.add(
            "%s: %s %d %s"
                .formatted(mutation.verdict(), mutation, response.status(), response.text()));
      }
    }

    assertThat(wrong).isEmpty();
    assertThat(bad).as("requests that break the model").isGreaterThan(atLeast);
    assertThat(mutations).anyMatch(mutation -> mutation.verdict() == Verdict.GOOD);
  }

  @Test
  void holdsBodiesToCountToTheModel() throws IOException {
    JsonNode good =
        MAPPER.readTree(
            "{\"input\":{\"invokeModel\":{\"body\":\"eyJwcm9tcHQiOiJoaSJ9\"}}}"); // {"prompt":"hi"}
    assertThat(post("count-tokens", good).text()).isEqualTo("{\"inputTokens\":2}");
    for (Mutation mutation :
        Mutations.of(ServiceModel.runtime(), "CountTokensRequest", good, Set.of())) {
      if (mutation.verdict() != Verdict.OTHER) {
        RawHttp.Response response = post("count-tokens", mutation.request());
        assertThat(holds(mutation, response)).as(mutation + " " + response.text()).isTrue();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"InvokeModel", "InvokeModelWithResponseStream"})
  void holdsHeadersToTheModel(String operation) throws IOException {
    ServiceModel model = ServiceModel.runtime();
    String path =
        model.operation(operation).at("/http/requestUri").textValue().replace("{modelId}", "demo");
    int bad = 0;
    for (JsonNode member : model.shape(operation + "Request").get("members")) {
      if (member.path("location").asText().equals("header")) {
        String name = member.get("locationName").textValue();
        JsonNode shape = model.shape(member.get("shape").textValue());
        for (String wrong : Mutations.wrongTexts(model, shape)) {
          assertThat(invoke(path, name + ": " + wrong).status()).as(name).isEqualTo(400);
          bad++;
        }
        for (String right : model.choices(shape)) {
          assertThat(invoke(path, name + ": " + right).status()).as(right).isEqualTo(200);
        }
      }
    }

    assertThat(bad).isGreaterThan(5);
    assertThat(invoke(path, METADATA + ": {\"team\":\"a\"}").status()).isEqualTo(200);
    assertThat(invoke(path, METADATA + ": {\"team\":5}").status()).isEqualTo(400);
    assertThat(invoke(path, METADATA + ": team").text())
        .contains(METADATA + " must be a JSON object");
    assertThat(invoke(path, "X-Amzn-Bedrock-GuardrailVersion: 1").text()).contains("Guardrails");
  }

  private static RawHttp.Response invoke(String path, String header) throws IOException {
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(RawHttp.request("POST", path, "{\"prompt\":\"hi\"}", header + "\r\n"));
      return http.response();
    }
  }

  private static boolean holds(Mutation mutation, RawHttp.Response response) {
    boolean refused =
        response.status() == 400
            && "ValidationException".equals(response.header("x-amzn-ErrorType"));
    return switch (mutation.verdict()) {
      case GOOD -> response.status() == 200;
      case BAD -> refused;
      case OTHER -> refused && response.text().contains(mutation.member());
    };
  }

  private static RawHttp.Response post(String operation, JsonNode body) throws IOException {
    return RawHttp.post(server.server.port(), "/model/demo/" + operation, body.toString());
  }
}
