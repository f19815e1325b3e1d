package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.testing.RawHttp;
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

/**
 * What is wrong with a request is answered with status, type and a message that names the field.
 */
final class BadInputTest {
  private static final String USER = "{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}";
  private static final String MESSAGES = "\"messages\":[" + USER + "]";
  private static final String TOOL =
      "{\"toolSpec\":{\"name\":\"t\",\"inputSchema\":{\"json\":{\"type\":\"object\"}}}}";
  private static final String POINT = "{\"cachePoint\":{\"type\":\"default\"}}";
  private static final String TOOLS = "\"toolConfig\":{\"tools\":[" + TOOL + "]}";
  private static final String USE =
      "{\"role\":\"assistant\",\"content\":[{\"toolUse\":{\"toolUseId\":\"a\",\"name\":\"t\",\"input\":{}}}]}";

  private static TestServer server;

  @BeforeAll
  static void start() {
    server = new TestServer(request -> "ok");
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  static Stream<Arguments> converse() {
    return Stream.of(
        bad("{", "the body is not valid JSON within the limits (line 1, column"),
        bad("[]", "the body must be a JSON object"),
        bad("{\"a\":1,\"a\":2}", "the body is not valid JSON within the limits"),
        bad("{} {}", "the body is not valid JSON within the limits"),
        bad("[".repeat(100_000), "the body is not valid JSON within the limits"),
        bad("{\"a\":" + "[".repeat(80) + "]".repeat(80) + "}", "the body is not valid JSON"),
        bad("{\"a\":" + "9".repeat(500) + "}", "the body is not valid JSON within the limits"),
        bad("", "A conversation must start with a user message."),
        bad("{\"messages\":{}}", "messages must be an array"),
        bad("{\"messages\":[1]}", "messages.0 must be an object"),
        bad("{\"messages\":[{\"content\":[]}]}", "messages.0.role is required"),
        bad("{\"messages\":[{\"role\":\"root\"}]}", "messages.0.role must be one of"),
        bad("{\"messages\":[{\"role\":\"user\"}]}", "Message object at messages.0 is empty"),
        bad(user("{\"text\":1}"), "messages.0.content.0.text must be a string"),
        bad(user("{\"text\":\" \"}"), "ContentBlock object at messages.0.content.0 is blank"),
        bad(
            user("{}"),
            "ContentBlock object at messages.0.content.0 must set one of the following keys: text, image,"),
        bad(user("{\"future\":{}}"), "at messages.0.content.0 must set one of the following keys"),
        bad(
            user("{\"text\":\"a\",\"image\":{}}"),
            "ContentBlock object at messages.0.content.0 must set only one of the following keys, but sets several: text, image."),
        bad(
            assistant("{\"text\":\"a\",\"toolUse\":{}}"),
            "at messages.1.content.0 must set only one of the following keys, but sets several: text, toolUse."),
        bad(
            assistant("{\"reasoningContent\":{}}"),
            "ReasoningContentBlock object at messages.1.content.0.reasoningContent must set one of"),
        bad(
            "{\"system\":[{\"text\":\"a\",\"cachePoint\":{\"type\":\"default\"}}],"
                + MESSAGES
                + "}",
            "SystemContentBlock object at system.0 must set only one of"),
        bad(
            "{\"system\":[{\"guardContent\":{}}]," + MESSAGES + "}",
            "This model doesn't support the system.0.guardContent field. Remove system.0.guardContent and try again."),
        bad(
            "{"
                + TOOLS
                + ",\"messages\":["
                + USER
                + ","
                + USE
                + ","
                + resultOf("\"content\":[{\"json\":{},\"text\":\"x\"}]")
                + "]}",
            "ToolResultContentBlock object at messages.2.content.0.toolResult.content.0 must set only one of"),
        bad(
            "{"
                + TOOLS
                + ",\"messages\":["
                + USER
                + ","
                + USE
                + ","
                + resultOf("\"status\":\"success\"")
                + "]}",
            "messages.2.content.0.toolResult.content is required"),
        bad(
            "{"
                + TOOLS
                + ",\"messages\":["
                + USER
                + ",{\"role\":\"assistant\",\"content\":[{\"toolUse\":{\"toolUseId\":\"a\",\"name\":\"t\"}}]},"
                + USER
                + "]}",
            "messages.1.content.0.toolUse.input is required"),
        bad(user("{\"cachePoint\":5}"), "messages.0.content.0.cachePoint must be an object"),
        bad(user("{\"cachePoint\":{}}"), "messages.0.content.0.cachePoint.type is required"),
        bad(
            user("{\"cachePoint\":{\"type\":\"default\",\"ttl\":\"2h\"}}"),
            "messages.0.content.0.cachePoint.ttl must be one of"),
        bad(
            "{\"toolConfig\":{\"tools\":[%s,%s]},\"system\":[{\"text\":\"s\"},%s],%s}"
                .formatted(TOOL, POINT, POINT, messages("{\"text\":\"a\"}", POINT, POINT, POINT)),
            "messages.0.content.3.cachePoint is one cachePoint too many: a request may have 4."),
        bad(
            user("{\"reasoningContent\":{}}"),
            "messages.0.content.0.reasoningContent is not allowed in a message of this role"),
        bad(
            user("{\"image\":{}}"),
            "This model doesn't support the image field for user messages. Remove image and try again."),
        bad(user("{\"video\":{}}"), "doesn't support the video field for user messages. Remove"),
        bad(user("{\"audio\":{}}"), "doesn't support the audio field for user messages. Remove"),
        bad(user("{\"searchResult\":{}}"), "doesn't support the searchResult field for user"),
        bad(
            assistant("{\"image\":{}}"),
            "This model doesn't support the image field for assistant messages. Remove image and"),
        bad(
            assistant("{\"toolUse\":{\"toolUseId\":\"a\",\"name\":\"t\",\"input\":\"{}\"}}"),
            "The format of the value at messages.1.content.0.toolUse.input is invalid. Provide a json object for the field and try again."),
        bad(
            assistant("{\"reasoningContent\":{\"redactedContent\":\"?\"}}"),
            "messages.1.content.0.reasoningContent.redactedContent must be base64"),
        bad(
            "{\"messages\":[" + USER + "," + USER + "]}",
            "must alternate between user and assistant"),
        bad(
            "{\"messages\":[{\"role\":\"assistant\",\"content\":[{\"text\":\"x\"}]}]}",
            "A conversation must start with a user message."),
        bad(
            "{\"messages\":[" + USER + ",{\"role\":\"assistant\",\"content\":[{\"text\":\"x\"}]}]}",
            "A conversation must end with a user message."),
        bad("{\"system\":[{\"text\":\"\"}]," + MESSAGES + "}", "system.0.text must have between 1"),
        bad(with("\"inferenceConfig\":1"), "inferenceConfig must be an object"),
        bad(inference("\"maxTokens\":0"), "inferenceConfig.maxTokens must be between 1 and"),
        bad(inference("\"maxTokens\":1.5"), "inferenceConfig.maxTokens must be an integer"),
        bad(inference("\"maxTokens\":\"5\""), "inferenceConfig.maxTokens must be an integer"),
        bad(inference("\"maxTokens\":99999999999"), "inferenceConfig.maxTokens must be between"),
        bad(
            inference("\"temperature\":1.1"),
            "inferenceConfig.temperature must be between 0.0 and 1.0"),
        bad(inference("\"temperature\":1e999"), "inferenceConfig.temperature must be a number"),
        bad(inference("\"topP\":-0.1"), "inferenceConfig.topP must be between"),
        bad(
            inference("\"stopSequences\":[\"\"]"),
            "inferenceConfig.stopSequences.0 must have between 1"),
        bad(
            inference("\"stopSequences\":[\"x\",\"\\ude00\"]"),
            "inferenceConfig.stopSequences.1 must hold whole characters, no half of a surrogate pair"),
        bad(
            inference("\"stopSequences\":[" + "\"x\",".repeat(2_500) + "\"x\"]"),
            "inferenceConfig.stopSequences must hold at most 2500 items, has 2501"),
        bad(
            inference("\"stopSequences\":[\"" + "x".repeat(1_025) + "\"]"),
            "inferenceConfig.stopSequences.0 must have between 1 and 1024 characters, has 1025"),
        bad(
            inference(
                "\"stopSequences\":[" + ("\"" + "x".repeat(1_000) + "\",").repeat(100) + "\"x\"]"),
            "inferenceConfig.stopSequences must have at most 100000 characters in all, has 100001"),
        bad(more("\"top_k\":-1"), "additionalModelRequestFields.top_k must be between"),
        bad(more("\"min_p\":2"), "additionalModelRequestFields.min_p must be between"),
        bad(more("\"seed\":\"x\""), "additionalModelRequestFields.seed must be an integer"),
        bad(more("\"repetition_penalty\":0"), "additionalModelRequestFields.repetition_penalty"),
        bad(more("\"enable_thinking\":1"), "additionalModelRequestFields.enable_thinking must be"),
        bad(
            more("\"reasoning_effort\":\"huge\""),
            "additionalModelRequestFields.reasoning_effort must be one of"),
        bad(more("\"foo\":1"), "extraneous key [foo] is not permitted"),
        bad(with("\"guardrailConfig\":{}"), "guardrailConfig is not supported"),
        bad(with("\"promptVariables\":{}"), "promptVariables is not supported"),
        bad(
            with("\"outputConfig\":{\"textFormat\":{}}"),
            "outputConfig.textFormat.type is required"),
        bad(
            with("\"performanceConfig\":{\"latency\":\"fast\"}"),
            "performanceConfig.latency must be one of [standard, optimized]"),
        bad(
            with("\"additionalModelResponseFieldPaths\":[\"/a\",\"b\"]"),
            "additionalModelResponseFieldPaths.1 must be a JSON Pointer"),
        bad(
            with("\"additionalModelResponseFieldPaths\":[\"/a~2\"]"),
            "additionalModelResponseFieldPaths.0 must be a JSON Pointer"),
        bad(
            with("\"outputConfig\":{\"effort\":\"none\"}"),
            "outputConfig.effort must be one of [low,"),
        bad(with("\"serviceTier\":{}"), "serviceTier.type is required"),
        bad(with("\"serviceTier\":{\"type\":\"gold\"}"), "serviceTier.type must be one of"),
        bad(with("\"requestMetadata\":{}"), "requestMetadata must hold between 1 and 16"),
        bad(with("\"requestMetadata\":{\"a\":\"{\"}"), "requestMetadata has a key or value"),
        bad(with("\"toolConfig\":{}"), "toolConfig.tools must hold at least 1 tool"),
        bad(
            with("\"toolConfig\":{\"tools\":[{}]}"),
            "Tool object at toolConfig.tools.0 must set one of"),
        bad(
            with("\"toolConfig\":{\"tools\":[{\"systemTool\":{}}]}"),
            "This model doesn't support the toolConfig.tools.0.systemTool field."),
        bad(
            with("\"toolConfig\":{\"tools\":[{\"toolSpec\":{},\"cachePoint\":{}}]}"),
            "Tool object at toolConfig.tools.0 must set only one of"),
        bad(
            with("\"toolConfig\":{\"tools\":[" + TOOL + ",{\"cachePoint\":{}}]}"),
            "toolConfig.tools.1.cachePoint.type is required"),
        bad(
            with(
                "\"toolConfig\":{\"tools\":["
                    + TOOL
                    + "],\"toolChoice\":{\"auto\":{},\"any\":{}}}"),
            "ToolChoice object at toolConfig.toolChoice must set only one of"),
        bad(
            with("\"toolConfig\":{\"tools\":[{\"toolSpec\":{\"name\":\"a b\"}}]}"),
            "toolConfig.tools.0.toolSpec.name must match"),
        bad(
            with("\"toolConfig\":{\"tools\":[{\"toolSpec\":{\"name\":\"a\"}}]}"),
            "toolConfig.tools.0.toolSpec.inputSchema is required"),
        bad(
            with("\"toolConfig\":{\"tools\":[" + TOOL + "," + TOOL + "]}"),
            "toolConfig.tools.1.toolSpec.name is used by another tool"),
        bad(
            with(
                "\"toolConfig\":{\"tools\":["
                    + TOOL
                    + "],\"toolChoice\":{\"tool\":{\"name\":\"u\"}}}"),
            "toolConfig.toolChoice.tool.name must be that of a tool of this request"),
        bad(
            with(
                "\"toolConfig\":{\"tools\":[{\"toolSpec\":{\"name\":\"a\",\"inputSchema\":{\"json\":[]}}}]}"),
            "The format of the value at toolConfig.tools.0.toolSpec.inputSchema.json is invalid. Provide a json object for the field and try again."),
        bad(
            with(
                "\"toolConfig\":{\"tools\":[{\"toolSpec\":{\"name\":\"a\",\"inputSchema\":{\"json\":{\"type\":\"string\"}}}}]}"),
            "The value at toolConfig.tools.0.toolSpec.inputSchema.json.type must be one of the following: object."),
        bad(
            "{\"messages\":[" + USER + "," + USE + "," + USER + "]}",
            "The toolConfig field must be defined when using toolUse and toolResult"),
        bad(
            "{" + TOOLS + ",\"messages\":[" + USER + "," + USE + "," + USER + "]}",
            "Expected toolResult blocks at messages.2.content for the following Ids: a"),
        bad(
            "{" + TOOLS + ",\"messages\":[" + result("a") + "]}",
            "The number of toolResult blocks at messages.0.content exceeds"),
        bad(
            "{" + TOOLS + ",\"messages\":[" + USER + "," + USE + "," + result("b") + "]}",
            "messages.2.content.0.toolResult.toolUseId does not name a toolUse block"),
        bad(
            "{"
                + TOOLS
                + ",\"messages\":["
                + USER
                + ","
                + USE
                + ",{\"role\":\"user\",\"content\":[{\"toolResult\":{\"toolUseId\":\"a\",\"content\":[],\"status\":\"error\"}}]}]}",
            "The content field at messages.2.content.0.toolResult cannot be empty when status"));
  }

  @ParameterizedTest
  @MethodSource("converse")
  void refusesConverse(String body, String message) throws IOException {
    RawHttp.Response response = RawHttp.post(server.server.port(), "/model/demo/converse", body);

    assertThat(response.status()).isEqualTo(400);
    assertThat(response.header("x-amzn-ErrorType")).isEqualTo("ValidationException");
    assertThat(response.header("x-amzn-RequestId")).hasSize(36);
    assertThat(response.header("Content-Type")).isEqualTo("application/json");
    assertThat(response.text()).startsWith("{\"message\":\"").contains(message);
  }

  @Test
  void takesAsManyStopSequencesAsTheApi() throws IOException {
    RawHttp.Response response =
        RawHttp.post(
            server.server.port(),
            "/model/demo/converse",
            inference("\"stopSequences\":[" + "\"xyz\",".repeat(2_499) + "\"xyz\"]"));

    assertThat(response.status()).as(response.text()).isEqualTo(200);
  }

  @Test
  void takesAsManyCachePointsAsTheApi() throws IOException {
    RawHttp.Response response =
        RawHttp.post(
            server.server.port(),
            "/model/demo/converse",
            "{" + messages("{\"text\":\"a\"}", POINT, POINT, POINT, POINT) + "}");

    assertThat(response.status()).as(response.text()).isEqualTo(200);
  }

  @ParameterizedTest
  @MethodSource("converse")
  void refusesStreamBeforeItBegins(String body, String message) throws IOException {
    RawHttp.Response response =
        RawHttp.post(server.server.port(), "/model/demo/converse-stream", body);

    assertThat(response.status()).isEqualTo(400);
    assertThat(response.text()).contains(message);
  }

  @Test
  void ignoresUnknownMembersAndNulls() throws IOException {
    RawHttp.Response response =
        RawHttp.post(
            server.server.port(),
            "/model/demo/converse",
            with(
                "\"system\":[],\"toolConfig\":null,\"future\":{\"x\":1},\"inferenceConfig\":{\"y\":1}"));

    assertThat(response.status()).isEqualTo(200);
  }

  @Test
  void answersUnknownOperations() throws IOException {
    for (String path : new String[] {"/", "/model/demo/other", "/model//converse", "/livez"}) {
      RawHttp.Response response = RawHttp.post(server.server.port(), path, "{}");
      assertThat(response.status()).as(path).isEqualTo(404);
      assertThat(response.header("x-amzn-ErrorType")).isEqualTo("UnknownOperationException");
    }
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(RawHttp.request("GET", "/model/demo/converse", "", ""));
      assertThat(http.response().status()).isEqualTo(404);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "POST, /async-invoke, StartAsyncInvoke",
    "GET, /async-invoke?maxResults=5, ListAsyncInvokes",
    "GET, /async-invoke/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Aasync-invoke%2Fa, GetAsyncInvoke",
    "POST, /guardrail/abc/version/DRAFT/apply, ApplyGuardrail",
    "POST, /guardrail-checks/invoke, InvokeGuardrailChecks",
    "POST, /model/demo/invoke-with-bidirectional-stream, InvokeModelWithBidirectionalStream"
  })
  void refusesOperationsThatItDoesNotHaveByTheirNames(String method, String path, String name)
      throws IOException {
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(RawHttp.request(method, path, "{}", ""));
      RawHttp.Response response = http.response();
      assertThat(response.status()).isEqualTo(404);
      assertThat(response.header("x-amzn-ErrorType")).isEqualTo("UnknownOperationException");
      assertThat(response.text())
          .isEqualTo(
              "{\"message\":\"The operation %s is not supported by this server.\"}"
                  .formatted(name));
    }
  }

  @Test
  void refusesBrokenHttpInTheSameWords() throws IOException {
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write("POST /model/demo/converse HTTP/1.1\r\nContent-Length: x\r\n\r\n");
      RawHttp.Response response = http.response();
      assertThat(response.status()).isEqualTo(400);
      assertThat(response.header("x-amzn-ErrorType")).isEqualTo("ValidationException");
      assertThat(response.header("x-amzn-RequestId")).isNotBlank();
    }
  }

  @Test
  void tellsWhatTheTemplateRefused() throws IOException {
    server.text.refused = "hi";
    try {
      RawHttp.Response response =
          RawHttp.post(server.server.port(), "/model/demo/converse", with("\"x\":1"));
      assertThat(response.status()).isEqualTo(400);
      assertThat(response.text()).isEqualTo("{\"message\":\"The template refused.\"}");
    } finally {
      server.text.refused = null;
    }
  }

  private static Arguments bad(String body, String message) {
    return Arguments.of(body, message);
  }

  private static String user(String block) {
    return "{" + messages(block) + "}";
  }

  private static String messages(String... blocks) {
    return "\"messages\":[{\"role\":\"user\",\"content\":[" + String.join(",", blocks) + "]}]";
  }

  private static String with(String more) {
    return "{" + MESSAGES + "," + more + "}";
  }

  private static String inference(String field) {
    return with("\"inferenceConfig\":{" + field + "}");
  }

  private static String more(String field) {
    return with("\"additionalModelRequestFields\":{" + field + "}");
  }

  private static String assistant(String block) {
    return "{%s,\"messages\":[%s,{\"role\":\"assistant\",\"content\":[%s]},%s]}"
        .formatted(TOOLS, USER, block, USER);
  }

  private static String resultOf(String member) {
    return "{\"role\":\"user\",\"content\":[{\"toolResult\":{\"toolUseId\":\"a\",%s}}]}"
        .formatted(member);
  }

  private static String result(String id) {
    return "{\"role\":\"user\",\"content\":[{\"toolResult\":{\"toolUseId\":\"%s\",\"content\":[{\"text\":\"x\"}]}}]}"
        .formatted(id);
  }
}
