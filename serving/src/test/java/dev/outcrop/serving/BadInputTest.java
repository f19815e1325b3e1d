package dev.outcrop.serving;

import static dev.outcrop.serving.testing.ConverseBody.MESSAGES;
import static dev.outcrop.serving.testing.ConverseBody.POINT;
import static dev.outcrop.serving.testing.ConverseBody.USER;
import static dev.outcrop.serving.testing.ConverseBody.assistant;
import static dev.outcrop.serving.testing.ConverseBody.messages;
import static dev.outcrop.serving.testing.ConverseBody.more;
import static dev.outcrop.serving.testing.ConverseBody.user;
import static dev.outcrop.serving.testing.ConverseBody.with;
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
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What is wrong with a request is answered with status, type and a message that names the field.
 */
final class BadInputTest {
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
        bad(user("{\"cachePoint\":5}"), "messages.0.content.0.cachePoint must be an object"),
        bad(user("{\"cachePoint\":{}}"), "messages.0.content.0.cachePoint.type is required"),
        bad(
            user("{\"cachePoint\":{\"type\":\"default\",\"ttl\":\"2h\"}}"),
            "messages.0.content.0.cachePoint.ttl must be one of"),
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
        bad(with("\"requestMetadata\":{\"a\":\"{\"}"), "requestMetadata has a key or value"));
  }

  @ParameterizedTest
  @MethodSource("converse")
  void refusesConverse(String body, String message) throws IOException {
    Refusal.validation(server, "/model/demo/converse", body, message);
  }

  @ParameterizedTest
  @MethodSource("converse")
  void refusesStreamBeforeItBegins(String body, String message) throws IOException {
    Refusal.validation(server, "/model/demo/converse-stream", body, message);
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

  private static String inference(String field) {
    return with("\"inferenceConfig\":{" + field + "}");
  }
}
