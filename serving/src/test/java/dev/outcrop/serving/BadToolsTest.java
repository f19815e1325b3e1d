package dev.outcrop.serving;

import static dev.outcrop.serving.testing.ConverseBody.POINT;
import static dev.outcrop.serving.testing.ConverseBody.TOOL;
import static dev.outcrop.serving.testing.ConverseBody.TOOLS;
import static dev.outcrop.serving.testing.ConverseBody.USER;
import static dev.outcrop.serving.testing.ConverseBody.assistant;
import static dev.outcrop.serving.testing.ConverseBody.messages;
import static dev.outcrop.serving.testing.ConverseBody.with;

import dev.outcrop.serving.testing.Refusal;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What is wrong with tools, their calls and results is answered with a message that names the
 * field.
 */
final class BadToolsTest {
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
        bad(
            assistant("{\"text\":\"a\",\"toolUse\":{}}"),
            "at messages.1.content.0 must set only one of the following keys, but sets several: text, toolUse."),
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
        bad(
            "{\"toolConfig\":{\"tools\":[%s,%s]},\"system\":[{\"text\":\"s\"},%s],%s}"
                .formatted(TOOL, POINT, POINT, messages("{\"text\":\"a\"}", POINT, POINT, POINT)),
            "messages.0.content.3.cachePoint is one cachePoint too many: a request may have 4."),
        bad(
            assistant("{\"toolUse\":{\"toolUseId\":\"a\",\"name\":\"t\",\"input\":\"{}\"}}"),
            "The format of the value at messages.1.content.0.toolUse.input is invalid. Provide a json object for the field and try again."),
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
    Refusal.validation(server, "/model/demo/converse", body, message);
  }

  @ParameterizedTest
  @MethodSource("converse")
  void refusesStreamBeforeItBegins(String body, String message) throws IOException {
    Refusal.validation(server, "/model/demo/converse-stream", body, message);
  }

  private static Arguments bad(String body, String message) {
    return Arguments.of(body, message);
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
