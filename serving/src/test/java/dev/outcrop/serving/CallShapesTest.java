package dev.outcrop.serving;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outcrop.serving.testing.Calls;
import dev.outcrop.serving.testing.RawHttp;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import software.amazon.eventstream.Message;

/** Tool calls and reasoning as they go out: Converse, its stream and the OpenAI chat body. */
final class CallShapesTest {
  private static final String CALL =
      "I look.\n<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Oslo\"}}\n</tool_call>\n"
          + "<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Rome\"}}\n</tool_call>";

  @RegisterExtension final Calls calls = new Calls(CALL);

  @Test
  void converseCallsTools() throws IOException {
    calls.completion = CALL;

    JsonNode body = calls.converse(Calls.TOOLS);

    JsonNode content = body.at("/output/message/content");
    assertThat(body.at("/stopReason").textValue()).isEqualTo("tool_use");
    assertThat(content).hasSize(3);
    assertThat(content.at("/0/text").textValue()).isEqualTo("I look.");
    assertThat(content.at("/1/toolUse/name").textValue()).isEqualTo("weather");
    assertThat(content.at("/1/toolUse/input").toString()).isEqualTo("{\"city\":\"Oslo\"}");
    assertThat(content.at("/1/toolUse/toolUseId").textValue()).matches("tooluse_[A-Za-z0-9_-]{22}");
    assertThat(content.at("/2/toolUse/input").toString()).isEqualTo("{\"city\":\"Rome\"}");
    assertThat(calls.server.text.lastTools.getFirst().parameters().toString())
        .isEqualTo("{type=object, properties={city={type=string}}}");
  }

  @Test
  void converseStreamCallsTools() throws IOException {
    calls.completion = CALL;

    List<Message> messages = calls.converseStream(Calls.TOOLS);

    assertThat(blocks(messages))
        .containsExactly(
            "0 text I look.",
            "1 toolUse weather {\"city\": \"Oslo\"}",
            "2 toolUse weather {\"city\": \"Rome\"}");
    assertThat(messages.stream().filter(message -> Calls.type(message).equals("contentBlockDelta")))
        .as("arguments come as they are written")
        .hasSizeGreaterThan(30);
    JsonNode stop = Calls.json(messages.get(messages.size() - 2));
    assertThat(stop.at("/stopReason").textValue()).isEqualTo("tool_use");
  }

  @Test
  void converseShowsReasoning() throws IOException {
    calls.completion = "<think>\nHm, 17.\n</think>\n\nIt is 17.";

    JsonNode content = calls.converse("\"x\":1").at("/output/message/content");

    assertThat(content.toString())
        .isEqualTo(
            "[{\"reasoningContent\":{\"reasoningText\":{\"text\":\"Hm, 17.\"}}},"
                + "{\"text\":\"It is 17.\"}]");
    assertThat(blocks(calls.converseStream("\"x\":1")))
        .containsExactly("0 reasoningContent Hm, 17.", "1 text It is 17.");
  }

  @Test
  void converseTellsThatACallIsMalformed() throws IOException {
    calls.completion =
        "Hm. <tool_call>{\"name\":\"weather\",\"arguments\":{\"city\":Oslo}}</tool_call>";

    JsonNode body = calls.converse(Calls.TOOLS);
    List<Message> messages = calls.converseStream(Calls.TOOLS);

    assertThat(body.at("/stopReason").textValue()).isEqualTo("malformed_tool_use");
    assertThat(body.at("/output/message/content"))
        .hasSize(1)
        .allSatisfy(block -> assertThat(block.get("text").textValue()).isEqualTo(calls.completion));
    assertThat(blocks(messages))
        .containsExactly("0 text Hm.", "1 toolUse weather {\"city\":", "2 text Oslo}}</tool_call>");
    assertThat(Calls.json(messages.get(messages.size() - 2)).at("/stopReason").textValue())
        .isEqualTo("malformed_tool_use");
  }

  @Test
  void numbersOfCallsKeepTheirText() throws IOException {
    String arguments =
        "{\"a\":12345678901234567.89,\"b\":1e400,\"c\":[1.10,-2E-99999999999,7,null]}";
    calls.completion =
        "<tool_call>{\"name\":\"weather\",\"arguments\":" + arguments + "}</tool_call>";

    assertThat(new String(calls.wholeConverse(Calls.TOOLS), UTF_8))
        .contains("\"toolUse\":{\"input\":" + arguments + ",");
    assertThat(blocks(calls.converseStream(Calls.TOOLS)))
        .containsExactly("0 toolUse weather " + arguments);
    String function =
        calls
            .invoke(
                """
                {"messages":[{"role":"user","content":"?"}],"tools":[{"type":"function",
                "function":{"name":"weather","parameters":{"type":"object"}}}]}
                """)
            .at("/choices/0/message/tool_calls/0/function/arguments")
            .textValue();
    assertThat(function).isEqualTo(arguments);
  }

  @Test
  void numbersOfAResultReachTheModelAsTheyAre() throws IOException {
    String result = "{\"a\":12345678901234567.89,\"b\":1E+999999999,\"c\":1.0}";
    calls.completion = "ok";

    RawHttp.Response response =
        RawHttp.post(
            calls.server.server.port(),
            "/model/demo/converse",
            """
            {%s,"messages":[
             {"role":"user","content":[{"text":"?"}]},
             {"role":"assistant","content":[
               {"toolUse":{"toolUseId":"a","name":"weather","input":{"x":1e999999999}}}]},
             {"role":"user","content":[{"toolResult":{"toolUseId":"a","content":[{"json":%s}]}}]}]}
            """
                .formatted(Calls.TOOLS, result));

    assertThat(response.status()).as(response.text()).isEqualTo(200);
    assertThat(calls.server.text.lastPrompt).contains("tool: " + result + "\n");
  }

  @Test
  void chatShowsReasoning() throws IOException {
    calls.completion = "<think>Hm.</think>17";
    String request = "{\"messages\":[{\"role\":\"user\",\"content\":\"?\"}]}";

    JsonNode message = calls.invoke(request).at("/choices/0/message");

    assertThat(message.toString())
        .isEqualTo("{\"role\":\"assistant\",\"content\":\"17\",\"reasoning_content\":\"Hm.\"}");
    assertThat(
            calls.invokeStream(request).stream()
                .map(chunk -> chunk.at("/choices/0/delta/reasoning_content").asText("")))
        .containsSubsequence("H", "m", ".");
  }

  @Test
  void chatCallsTools() throws IOException {
    calls.completion = CALL;
    String request =
        """
        {"messages":[{"role":"user","content":"Weather?"},
        {"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function",
        "function":{"name":"weather","arguments":"{\\"city\\":\\"Bonn\\"}"}}]},
        {"role":"tool","tool_call_id":"call_1","content":"3"}],
        "tools":[{"type":"function","function":{"name":"weather","parameters":{"type":"object"}}}]}
        """;

    JsonNode body = calls.invoke(request);
    List<JsonNode> chunks = calls.invokeStream(request);

    assertThat(body.at("/choices/0/finish_reason").textValue()).isEqualTo("tool_calls");
    assertThat(body.at("/choices/0/message/content").textValue()).isEqualTo("I look.");
    assertThat(body.at("/choices/0/message/tool_calls/1/function").toString())
        .isEqualTo("{\"name\":\"weather\",\"arguments\":\"{\\\"city\\\": \\\"Rome\\\"}\"}");
    assertThat(calls.server.text.lastMessages.get(1).toolCalls().getFirst().arguments().toString())
        .isEqualTo("{city=Bonn}");
    assertThat(chunks.getFirst().at("/choices/0/delta/role").textValue()).isEqualTo("assistant");
    assertThat(chunks.get(1).at("/choices/0/delta").has("role")).isFalse();
    assertThat(chunks.get(chunks.size() - 2).at("/choices/0/delta/tool_calls/0/index").intValue())
        .isEqualTo(1);
    StringBuilder streamed = new StringBuilder();
    chunks.stream()
        .map(chunk -> chunk.at("/choices/0/delta/tool_calls/0"))
        .filter(call -> call.path("index").asInt() == 1)
        .forEach(call -> streamed.append(call.at("/function/arguments").textValue()));
    assertThat(streamed.toString()).isEqualTo("{\"city\": \"Rome\"}");
    assertThat(chunks.getLast().at("/choices/0/finish_reason").textValue()).isEqualTo("tool_calls");
    assertThat(chunks.getLast().has("amazon-bedrock-invocationMetrics")).isTrue();
  }

  @Test
  void chatEndsAfterOneCallWhereOnlyOneIsWanted() throws IOException {
    calls.completion = CALL;
    String request =
        """
        {"messages":[{"role":"user","content":"Weather?"}],"parallel_tool_calls":false,
        "tools":[{"type":"function","function":{"name":"weather","parameters":{"type":"object"}}}]}
        """;

    JsonNode choice = calls.invoke(request).at("/choices/0");
    List<JsonNode> chunks = calls.invokeStream(request);

    assertThat(choice.at("/message/tool_calls")).hasSize(1);
    assertThat(choice.get("finish_reason").textValue()).isEqualTo("tool_calls");
    assertThat(
            chunks.stream()
                .flatMap(chunk -> chunk.findValues("id").stream())
                .map(JsonNode::textValue)
                .filter(id -> id.startsWith("call_"))
                .distinct())
        .hasSize(1);
    assertThat(chunks.getLast().at("/choices/0/finish_reason").textValue()).isEqualTo("tool_calls");
    assertThat(calls.server.batcher.open()).isZero();
  }

  @Test
  void messagesEndAfterOneCallWhereOnlyOneIsWanted() throws IOException {
    calls.completion = CALL;
    String request =
        """
        {"anthropic_version":"bedrock-2023-05-31","max_tokens":999,
        "messages":[{"role":"user","content":"Weather?"}],
        "tools":[{"name":"weather","input_schema":{"type":"object"}}],
        "tool_choice":{"type":"auto","disable_parallel_tool_use":true}}
        """;

    JsonNode message = calls.invoke(request);
    List<JsonNode> events = calls.invokeStream(request);

    assertThat(message.get("stop_reason").textValue()).isEqualTo("tool_use");
    assertThat(message.get("content").findValuesAsText("type")).containsExactly("text", "tool_use");
    assertThat(events.stream().filter(event -> event.has("content_block"))).hasSize(2);
  }

  /** The blocks of a stream, each opened and closed as it has to be. */
  private List<String> blocks(List<Message> messages) throws IOException {
    List<String> blocks = new ArrayList<>();
    StringBuilder block = new StringBuilder();
    for (Message message : messages) {
      JsonNode event = Calls.json(message);
      String index = event.path("contentBlockIndex").asText();
      switch (Calls.type(message)) {
        case "contentBlockStart" -> {
          assertThat(block).as("no block is open").isEmpty();
          block.append(index + " toolUse " + event.at("/start/toolUse/name").textValue() + " ");
        }
        case "contentBlockDelta" -> {
          var delta = event.get("delta").properties().iterator().next();
          if (block.isEmpty()) {
            assertThat(delta.getKey()).isNotEqualTo("toolUse");
            block.append(index + " " + delta.getKey() + " ");
          }
          assertThat(block.toString()).startsWith(index + " " + delta.getKey());
          JsonNode value = delta.getValue();
          block.append(value.isTextual() ? value.textValue() : value.elements().next().textValue());
        }
        case "contentBlockStop" -> {
          assertThat(block.toString()).startsWith(index + " ");
          blocks.add(block.toString());
          block.setLength(0);
        }
        default -> assertThat(block).as("no block is open").isEmpty();
      }
    }
    return blocks;
  }
}
