package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.Refusal;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What InvokeModel takes and refuses: bodies, headers, sizes. */
final class InvokeInputTest {
  private static final String TITAN = "{\"inputText\":%s,\"textGenerationConfig\":{%s}}";
  private static TestServer server;

  @BeforeAll
  static void start() {
    server = new TestServer(request -> "ok");
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  static Stream<Arguments> invoke() {
    return Stream.of(
        bad("{}", "required key [prompt] or [messages] not found"),
        bad("{\"prompt\":\"x\",\"\\ud800\":1}", "not valid JSON within the limits"),
        bad("{\"prompt\":\"\"}", "#/prompt: expected minLength: 1, actual: 0"),
        bad("{\"prompt\":1}", "#/prompt: expected type: String, found: Integer, please reformat"),
        bad(
            "{\"prompt\":\"x\",\"max_gen_len\":0}",
            "#/max_gen_len: 0 is not greater or equal to 1, please"),
        bad("{\"prompt\":\"x\",\"temperature\":2}", "#/temperature: 2 is not less or equal to 1"),
        bad("{\"prompt\":\"x\",\"stop\":[]}", "extraneous key [stop] is not permitted"),
        bad("{\"prompt\":\"x\",\"return_logprobs\":true}", "extraneous key [return_logprobs] is"),
        bad("{\"prompt\":\"x\",\"images\":[]}", "images is not supported"),
        bad(TITAN.formatted("1", ""), "#/inputText: expected type: String, found: Integer"),
        bad(TITAN.formatted("\"\"", ""), "#/inputText: expected minLength: 1, actual: 0"),
        bad(
            TITAN.formatted("\"x\"", "\"topP\":2"),
            "#/textGenerationConfig/topP: 2 is not less or equal to 1"),
        bad(
            TITAN.formatted("\"x\"", "\"maxTokenCount\":0"),
            "#/textGenerationConfig/maxTokenCount: 0 is not greater or equal to 1"),
        bad(
            TITAN.formatted("\"x\"", "\"top_p\":1"),
            "#/textGenerationConfig: extraneous key [top_p] is not permitted"),
        bad("{\"inputText\":\"x\",\"dimensions\":1}", "extraneous key [dimensions] is not"),
        bad("{\"inputText\":\"x\",\"textGenerationConfig\":1}", "expected type: JSONObject"),
        badMistral("{\"prompt\":\"x\",\"temperature\":1.1}", "#/temperature: 1.1 is not less or"),
        badMistral("{\"prompt\":\"x\",\"stop\":\"x\"}", "#/stop: expected type: JSONArray"),
        badMistral("{\"prompt\":\"x\",\"max_tokens\":0}", "#/max_tokens: 0 is not greater or"),
        badMistral("{\"prompt\":\"x\",\"seed\":1}", "extraneous key [seed] is not permitted"),
        badMistral("{\"prompt\":[]}", "#/prompt: expected type: String, found: JSONArray"),
        badMistral("{\"prompt\":\"x\",\"stop\":[1]}", "stop.0 must be a string"),
        badMistral(
            "{\"prompt\":\"x\",\"max_tokens\":0.5,\"a\":1}",
            "Malformed input request: #/max_tokens: expected type: Integer, found: Double#: extraneous"
                + " key [a] is not permitted, please reformat your input and try again."),
        badMistral(
            "{\"prompt\":\"x\"" + extraneous(8) + "}",
            "Malformed input request: #: extraneous key [k0] is not permitted#: extraneous key [k1] is"),
        badMistral(
            "{\"prompt\":\"x\"" + extraneous(400_000) + "}",
            "Malformed input request: 400000 schema violations found, the first #: extraneous key [k0]"),
        badMistral(
            "{\"prompt\":\"x\"" + extraneous(9) + "}",
            "#: extraneous key [k7] is not permitted, please reformat your input and try again."),
        badMistral(
            "{\"prompt\":\"x\",\"amazon-bedrock-trace\":\"ENABLED\",\"k\":1}",
            "Malformed input request: #: extraneous key [k] is not permitted, please"),
        bad(
            TITAN.formatted("\"x\"", "\"amazon-bedrock-trace\":1"),
            "#/textGenerationConfig: extraneous key [amazon-bedrock-trace] is not permitted"),
        bad(TestServer.DEEPSEEK, "{\"prompt\":\"x\",\"top_k\":1}", "extraneous key [top_k] is not"),
        bad(
            TestServer.DEEPSEEK,
            "{\"prompt\":\"x\",\"top_p\":1.1}",
            "#/top_p: 1.1 is not less or equal"),
        bad(
            TestServer.IMPORTED,
            "{\"prompt\":\"x\",\"return_logprobs\":1}",
            "#/return_logprobs: expected type: Boolean, found: Integer"),
        bad("{\"prompt\":\"x\",\"max_tokens\":2}", "extraneous key [max_tokens] is not permitted"),
        badCompletion("\"n\":2", "n must be between 1 and 1"),
        badCompletion("\"stream\":true", "stream must be false for this operation"),
        badCompletion("\"logprobs\":21", "logprobs must be between 0 and"),
        badCompletion("\"suffix\":\"x\"", "suffix is not supported"),
        bad(
            TestServer.IMPORTED,
            "{\"prompt\":[\"a\",\"b\"],\"max_tokens\":1}",
            "prompt must hold at most 1"),
        bad(
            TestServer.IMPORTED,
            "{\"prompt\":\"x\",\"response_format\":{\"type\":\"json_schema\"}}",
            "response_format.json_schema is required"),
        bad(
            TestServer.IMPORTED,
            "{\"prompt\":\"x\",\"response_format\":{\"type\":\"x\"}}",
            "response_format.type must be text"),
        bad(TestServer.MISTRAL_CHAT, chat("\"n\":1"), "extraneous key [n] is not permitted"),
        bad(
            TestServer.MISTRAL_CHAT,
            chat("\"tool_choice\":\"required\""),
            "tool_choice must be one of [auto, any, none]"),
        bad("{\"messages\":[]}", "messages must hold at least 1 message"),
        bad("{\"messages\":[{\"role\":\"x\"}]}", "messages.0.role must be one of"),
        bad("{\"messages\":[{\"role\":\"user\"}]}", "messages.0.content is required"),
        bad(chat("\"n\":2"), "n must be between 1 and 1"),
        bad(chat("\"model\":\"other\""), "model must be the model id of the URL"),
        bad(chat("\"stream\":true"), "stream must be false for this operation"),
        bad(chat("\"temperature\":2.5"), "temperature must be between"),
        bad(chat("\"max_tokens\":0"), "max_tokens must be between 1 and"),
        bad(chat("\"stop\":[\"\"]"), "stop.0 must have between 1"),
        bad(chat("\"stop\":\"\\udc00x\""), "stop must hold whole characters"),
        bad(chat("\"top_logprobs\":5"), "top_logprobs needs logprobs to be true"),
        bad(chat("\"logprobs\":true,\"top_logprobs\":21"), "top_logprobs must be between 0 and 20"),
        bad(chat("\"logit_bias\":{\"1\":1}"), "logit_bias is not supported"),
        bad(chat("\"response_format\":{\"type\":\"xml\"}"), "response_format.type is only"),
        bad(chat("\"response_format\":{\"type\":\"json_schema\"}"), "json_schema is required"),
        bad(chat("\"tool_choice\":\"required\""), "tool_choice needs tools"),
        bad(chat("\"tool_choice\":\"x\""), "tool_choice must be auto, none, required or"),
        bad(
            chat("\"structured_outputs\":{\"grammar\":\"x\"}"),
            "structured_outputs.grammar is not"),
        bad(chat("\"tools\":[{\"type\":\"function\"}]"), "tools.0.function is required"),
        bad(chat("\"chat_template_kwargs\":{\"x\":1}"), "chat_template_kwargs.x is not supported"),
        bad(
            "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\"}]}]}",
            "messages.0.content.0.type must be text"));
  }

  @ParameterizedTest
  @MethodSource("invoke")
  void refusesInvoke(String model, String body, String message) throws IOException {
    Refusal.validation(server, "/model/" + model + "/invoke", body, message);
  }

  @ParameterizedTest
  @CsvSource({
    "X-Amzn-Bedrock-Service-Tier,gold,X-Amzn-Bedrock-Service-Tier must be one of",
    "X-Amzn-Bedrock-PerformanceConfig-Latency,fast,X-Amzn-Bedrock-PerformanceConfig-Latency must be one of",
    "X-Amzn-Bedrock-Trace,yes,X-Amzn-Bedrock-Trace must be one of"
  })
  void refusesHeadersOfInvokeAsConverseDoesItsMembers(String name, String value, String message)
      throws IOException {
    Refusal.validation(invoke(name + ": " + value + "\r\n"), message);
  }

  @Test
  void takesHeadersOfInvokeThatTheApiKnows() throws IOException {
    RawHttp.Response response =
        invoke(
            "X-Amzn-Bedrock-Service-Tier: flex\r\nX-Amzn-Bedrock-PerformanceConfig-Latency: standard\r\n"
                + "X-Amzn-Bedrock-Trace: DISABLED\r\n");

    assertThat(response.status()).as(response.text()).isEqualTo(200);
  }

  @Test
  void saysThatItServesTheStandardLatency() throws IOException {
    assertThat(
            invoke("X-Amzn-Bedrock-PerformanceConfig-Latency: optimized\r\n")
                .header("X-Amzn-Bedrock-PerformanceConfig-Latency"))
        .isEqualTo("standard");
    assertThat(invoke("").headers()).doesNotContainKey("x-amzn-bedrock-performanceconfig-latency");
  }

  private static RawHttp.Response invoke(String headers) throws IOException {
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(RawHttp.request("POST", "/model/demo/invoke", "{\"prompt\":\"x\"}", headers));
      return http.response();
    }
  }

  @Test
  void takesTheLargestBodyOfTheApi() throws IOException {
    String body = "{\"prompt\":\"" + "x".repeat(25_000_000 - 13) + "\"}";
    assertThat(body).hasSize(25_000_000);

    RawHttp.Response response = RawHttp.post(server.server.port(), "/model/demo/invoke", body);

    assertThat(response.status()).as(response.text()).isEqualTo(200);
  }

  @Test
  void refusesBodyThatIsTooLarge() throws IOException {
    int limit = 25 << 20;
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(
          "POST /model/demo/converse HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
              .formatted(limit + 1));
      RawHttp.Response response = http.response();
      assertThat(response.status()).isEqualTo(413);
      assertThat(response.header("x-amzn-ErrorType")).isEqualTo("ValidationException");
    }
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(
          "POST /model/demo/converse HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
      String chunk = "100000\r\n" + " ".repeat(1 << 20) + "\r\n";
      for (int sent = 0; sent <= limit; sent += 1 << 20) {
        http.write(chunk);
      }
      RawHttp.Response response = http.response();
      assertThat(response.status()).isEqualTo(413);
      assertThat(response.header("x-amzn-ErrorType")).isEqualTo("ValidationException");
      assertThat(response.text()).contains("larger than the limit of " + limit);
      assertThat(http.ended()).isTrue();
    }
  }

  private static Arguments bad(String body, String message) {
    return bad("demo", body, message);
  }

  private static String extraneous(int keys) {
    StringBuilder members = new StringBuilder();
    for (int i = 0; i < keys; i++) {
      members.append(",\"k").append(i).append("\":1");
    }
    return members.toString();
  }

  private static Arguments badCompletion(String field, String message) {
    return bad(TestServer.IMPORTED, "{\"prompt\":\"x\",\"max_tokens\":1," + field + "}", message);
  }

  private static Arguments badMistral(String body, String message) {
    return bad(TestServer.MISTRAL_TEXT, body, message);
  }

  private static Arguments bad(String model, String body, String message) {
    return Arguments.of(model, body, message);
  }

  private static String chat(String field) {
    return "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]," + field + "}";
  }
}
