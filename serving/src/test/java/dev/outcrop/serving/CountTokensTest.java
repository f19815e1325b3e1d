package dev.outcrop.serving;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.util.Base64;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** CountTokens says what the same request would have as its input tokens, and runs nothing. */
final class CountTokensTest {
  private static final String USER =
      "\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]";

  private final ObjectMapper mapper = new ObjectMapper();
  private TestServer server;

  @BeforeEach
  void start() {
    server = new TestServer(request -> "ok");
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{" + USER + "}",
        "{\"system\":[{\"text\":\"Be brief.\"}]," + USER + "}",
        "{"
            + USER
            + ",\"toolConfig\":{\"tools\":[{\"toolSpec\":{\"name\":\"t\",\"inputSchema\":{\"json\":{}}}}]}}",
        "{" + USER + ",\"additionalModelRequestFields\":{\"enable_thinking\":false}}",
        "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"},"
            + "{\"document\":{\"format\":\"html\",\"name\":\"D\",\"source\":{\"bytes\":\"PGI+aGk8L2I+\"}}}]}]}"
      })
  void countsWhatConverseCounts(String body) throws IOException {
    int tokens = count("{\"input\":{\"converse\":" + body + "}}");
    int requests = server.batcher.requests.size();
    JsonNode usage = post("converse", body).get("usage");

    assertThat(requests).isZero();
    assertThat(tokens).isEqualTo(usage.get("inputTokens").intValue()).isPositive();
  }

  @Test
  void countsCachedTokensToo() throws IOException {
    server.batcher.cachedTokens = 8;
    server.batcher.writtenTokens = 4;
    String body =
        "{\"system\":[{\"text\":\"s\"},{\"cachePoint\":{\"type\":\"default\"}}]," + USER + "}";
    JsonNode usage = post("converse", body).get("usage");

    assertThat(count("{\"input\":{\"converse\":" + body + "}}"))
        .isEqualTo(
            usage.get("inputTokens").intValue()
                + usage.get("cacheReadInputTokens").intValue()
                + usage.get("cacheWriteInputTokens").intValue());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"prompt\":\"one two\",\"max_gen_len\":5}",
        "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"max_tokens\":4}",
        "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"stream\":true}"
      })
  void countsWhatInvokeModelCounts(String body) throws IOException {
    String path = body.contains("stream") ? "invoke-with-response-stream" : "invoke";
    RawHttp.Response answer = RawHttp.post(server.server.port(), "/model/demo/" + path, body);
    int submitted = server.batcher.requests.getLast().prompt().length;

    assertThat(answer.status()).isEqualTo(200);
    assertThat(count(invoke(body))).isEqualTo(submitted);
  }

  @Test
  void ignoresWhatDoesNotTouchThePrompt() throws IOException {
    assertThat(
            count(
                "{\"input\":{\"converse\":{"
                    + USER
                    + ",\"guardrailConfig\":{},\"inferenceConfig\":{\"maxTokens\":-1}}}}"))
        .isEqualTo(20);
  }

  @Test
  void refusesWhatTheOperationItselfRefuses() throws IOException {
    refuses("{}", 400, "input is required");
    refuses("{\"input\":{}}", 400, "CountTokensInput object at input must set one of");
    refuses("{\"input\":{\"converse\":{}}}", 400, "must start with a user message");
    refuses(
        "{\"input\":{\"converse\":{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":1}]}]}}}",
        400,
        "input.converse.messages.0.content.0.text must be a string");
    refuses("{\"input\":{\"invokeModel\":{}}}", 400, "input.invokeModel.body is required");
    refuses("{\"input\":{\"invokeModel\":{\"body\":\"?\"}}}", 400, "body must be base64");
    refuses(invoke("{\"prompt\":1}"), 400, "#/prompt: expected type: String, found: Integer");
    refuses(invoke("{}"), 400, "Malformed input request");
    server.text.mostCharacters = 1;
    refuses(invoke("{\"prompt\":\"abc\"}"), 400, "Input is too long for requested model.");
  }

  @Test
  void takesNoLongerIdsThanTheApi() throws IOException {
    String start = "arn:aws:bedrock:us-east-1::foundation-model/";
    String end = "/demo";
    String longest = start + "x".repeat(256 - start.length() - end.length()) + end;
    String body = "{\"input\":{\"converse\":{" + USER + "}}}";

    assertThat(
            RawHttp.post(server.server.port(), "/model/%s/count-tokens".formatted(longest), body)
                .status())
        .isEqualTo(200);
    RawHttp.Response response =
        RawHttp.post(
            server.server.port(),
            "/model/%s/count-tokens".formatted(longest.replace("/demo", "/x/demo")),
            body);
    assertThat(response.status()).isEqualTo(400);
    assertThat(response.text()).contains("The provided model identifier is invalid.");
  }

  private void refuses(String body, int status, String message) throws IOException {
    RawHttp.Response response =
        RawHttp.post(server.server.port(), "/model/demo/count-tokens", body);
    assertThat(response.status()).as(response.text()).isEqualTo(status);
    assertThat(response.text()).contains(message);
  }

  private static String invoke(String body) {
    return "{\"input\":{\"invokeModel\":{\"body\":\"%s\"}}}"
        .formatted(Base64.getEncoder().encodeToString(body.getBytes(UTF_8)));
  }

  private int count(String body) throws IOException {
    JsonNode answer = post("count-tokens", body);
    assertThat(answer.fieldNames()).toIterable().containsExactly("inputTokens");
    return answer.get("inputTokens").intValue();
  }

  private JsonNode post(String operation, String body) throws IOException {
    RawHttp.Response response =
        RawHttp.post(server.server.port(), "/model/demo/" + operation, body);
    assertThat(response.status()).as(response.text()).isEqualTo(200);
    return mapper.readTree(response.body());
  }
}
