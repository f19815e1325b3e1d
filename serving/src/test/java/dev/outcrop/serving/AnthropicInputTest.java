package dev.outcrop.serving;

import dev.outcrop.serving.testing.Refusal;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What is wrong with a Messages body is said in the words that its clients know. */
final class AnthropicInputTest {
  private static final String HEAD =
      "\"anthropic_version\":\"bedrock-2023-05-31\",\"max_tokens\":2000";
  private static final String USER = "{\"role\":\"user\",\"content\":\"hi\"}";
  private static final String USE =
      "{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"t\",\"input\":{}}]}";
  private static TestServer server;

  @BeforeAll
  static void start() {
    server = new TestServer(request -> "ok");
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  static Stream<Arguments> bodies() {
    return Stream.of(
        bad("{\"messages\":[" + USER + "],\"max_tokens\":1}", "anthropic_version: Field required"),
        bad("{\"anthropic_version\":\"x\",\"messages\":[]}", "max_tokens: Field required"),
        bad("{" + HEAD + "}", "messages: Field required"),
        bad("{" + HEAD + ",\"messages\":[]}", "messages: at least one message is required"),
        bad("{" + HEAD + ",\"messages\":{}}", "messages must be an array"),
        bad(with("\"model\":\"x\""), "model: Extra inputs are not permitted"),
        bad(with("\"stream\":true"), "stream: Extra inputs are not permitted"),
        bad(with("\"context_management\":{}"), "context_management: Extra inputs"),
        bad(with("\"anthropic_beta\":[1]"), "anthropic_beta.0 must be a string"),
        bad(with("\"temperature\":1.5"), "temperature must be between 0"),
        bad(with("\"top_p\":-1"), "top_p must be between 0"),
        bad(with("\"top_k\":-1"), "top_k must be between 0"),
        bad(with("\"stop_sequences\":\"x\""), "stop_sequences must be an array"),
        bad(with("\"stop_sequences\":[\"\"]"), "stop_sequences.0 must have between 1"),
        bad(with("\"metadata\":1"), "metadata must be an object"),
        bad(with("\"system\":{}"), "system must be an array"),
        bad(with("\"system\":[{\"type\":\"image\"}]"), "system.0.type is of a kind"),
        bad(with("\"thinking\":{}"), "thinking.type: Field required"),
        bad(with("\"thinking\":{\"type\":\"enabled\"}"), "thinking.enabled.budget_tokens: Field"),
        bad(
            with("\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":9}"),
            "thinking.budget_tokens must be between 1024"),
        bad(
            with("\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":2000}"),
            "`max_tokens` must be greater than `thinking.budget_tokens`"),
        bad(with("\"output_config\":{\"effort\":\"x\"}"), "output_config.effort must be one of"),
        bad(with("\"tools\":[{\"name\":\"t\"}]"), "tools.0.custom.input_schema: Field required"),
        bad(with("\"tools\":[{\"input_schema\":{}}]"), "tools.0.name is required"),
        bad(
            with("\"tools\":[{\"type\":\"bash_20250124\",\"name\":\"b\"}]"),
            "tools.0.type must be"),
        bad(with("\"tools\":[" + tool("a b") + "]"), "tools.0.name must match"),
        bad(with("\"tools\":[" + tool("t") + "," + tool("t") + "]"), "Tool names must be unique"),
        bad(with("\"tool_choice\":{}"), "tool_choice.type: Field required"),
        bad(with("\"tool_choice\":{\"type\":\"x\"}"), "tool_choice.type must be one of"),
        bad(with("\"tool_choice\":{\"type\":\"any\"}"), "tool_choice: there is no such tool"),
        bad(with("\"tool_choice\":{\"type\":\"tool\"}"), "tool_choice.tool.name: Field required"),
        bad(
            with(
                "\"tools\":[" + tool("t") + "],\"tool_choice\":{\"type\":\"tool\",\"name\":\"x\"}"),
            "tool_choice: there is no such tool"),
        bad(with("\"output_config\":{\"format\":{}}"), "output_config.format.type: Field required"),
        bad(
            with("\"output_config\":{\"format\":{\"type\":\"json_schema\"}}"),
            "output_config.format.schema is required"),
        bad(messages("{\"content\":\"hi\"}"), "messages.0.role: Field required"),
        bad(messages("{\"role\":\"system\",\"content\":\"hi\"}"), "first message must use the"),
        bad(messages("{\"role\":\"tool\",\"content\":\"hi\"}"), "messages.0.role: Input should be"),
        bad(messages("{\"role\":\"user\"}"), "messages.0.content: Field required"),
        bad(messages("{\"role\":\"user\",\"content\":\"\"}"), "must have non-empty content"),
        bad(messages("{\"role\":\"user\",\"content\":[]}"), "must have non-empty content"),
        bad(messages("{\"role\":\"user\",\"content\":[{}]}"), "messages.0.content.0.type: Field"),
        bad(messages("{\"role\":\"user\",\"content\":[1]}"), "messages.0.content.0 must be an"),
        bad(
            messages("{\"role\":\"user\",\"content\":[{\"type\":\"image\"}]}"),
            "messages.0.content.0.type is of a kind"),
        bad(
            messages("{\"role\":\"user\",\"content\":[{\"type\":\"text\"}]}"),
            "messages.0.content.0.text is required"),
        bad(
            messages(
                "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\",\"cache_control\":{}}]}"),
            "messages.0.content.0.cache_control.type: Field required"),
        bad(
            messages("{\"role\":\"assistant\",\"content\":\"hi\"}," + USER),
            "first message must use the \\\"user\\\" role"),
        bad(
            messages(USER + ",{\"role\":\"assistant\",\"content\":\"hi\"}"),
            "does not support assistant message prefill"),
        bad(
            messages(USER + "," + USE + "," + USER),
            "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: a."),
        bad(
            messages(USER + "," + USE + ",{\"role\":\"user\",\"content\":[" + result("b") + "]}"),
            "messages.2.content.0: unexpected `tool_use_id` found in `tool_result` blocks: b."),
        bad(
            messages("{\"role\":\"user\",\"content\":[" + result("a") + "]}"),
            "messages.0.content.0: unexpected `tool_use_id`"),
        bad(
            messages(
                USER
                    + ","
                    + USE
                    + ",{\"role\":\"user\",\"content\":["
                    + result("a")
                    + ","
                    + result("a")
                    + "]}"),
            "each tool_use must have a single result"),
        bad(
            messages(USER + "," + USE.replace("\"a\"", "\"a b\"") + "," + USER),
            "messages.1.content.0.id: String should match pattern"));
  }

  @ParameterizedTest
  @MethodSource("bodies")
  void refuses(String body, String message) throws IOException {
    Refusal.validation(server, "/model/" + TestServer.CLAUDE + "/invoke", body, message);
  }

  private static Arguments bad(String body, String message) {
    return Arguments.of(body, message);
  }

  private static String with(String member) {
    return "{" + HEAD + ",\"messages\":[" + USER + "]," + member + "}";
  }

  private static String messages(String messages) {
    return "{" + HEAD + ",\"messages\":[" + messages + "]}";
  }

  private static String tool(String name) {
    return "{\"name\":\"" + name + "\",\"input_schema\":{}}";
  }

  private static String result(String id) {
    return "{\"type\":\"tool_result\",\"tool_use_id\":\"" + id + "\"}";
  }
}
