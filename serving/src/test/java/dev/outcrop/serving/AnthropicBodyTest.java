package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outcrop.serving.testing.Calls;
import dev.outcrop.serving.testing.RawHttp;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The body of Anthropic's Messages API: what the model gets, and the answer, event by event. */
final class AnthropicBodyTest {
  private static final String TOOLS =
      "\"tools\":[{\"name\":\"weather\",\"description\":\"Tells it\",\"input_schema\":{\"type\":\"object\"}}]";

  @RegisterExtension final Calls calls = new Calls("Hi STOP");

  @Test
  void answersWithAMessage() throws IOException {
    JsonNode message = calls.invoke(body("\"temperature\":0.25,\"top_p\":0.5,\"top_k\":7"));

    assertThat(message.get("id").textValue()).matches("msg_bdrk_[0-9a-f]{32}");
    assertThat(message.toString())
        .isEqualTo(
            ("{\"model\":\"demo\",\"id\":\"%s\",\"type\":\"message\",\"role\":\"assistant\",\"content\":"
                    + "[{\"type\":\"text\",\"text\":\"Hi STOP\"}],\"stop_reason\":\"end_turn\","
                    + "\"stop_sequence\":null,\"usage\":{\"input_tokens\":20,\"cache_creation_input_tokens\":0,"
                    + "\"cache_read_input_tokens\":0,\"output_tokens\":8}}")
                .formatted(message.get("id").textValue()));
    var request = calls.server.batcher.requests.getLast();
    assertThat(request.maxTokens()).isEqualTo(2_000);
    assertThat(request.sampling().temperature()).isEqualTo(0.25);
    assertThat(request.sampling().topP()).isEqualTo(0.5);
    assertThat(request.sampling().topK()).isEqualTo(7);
  }

  @Test
  void tellsWhichStopSequenceWasMet() throws IOException {
    JsonNode message = calls.invoke(body("\"stop_sequences\":[\"x\",\"STOP\"]"));

    assertThat(message.at("/content/0/text").textValue()).isEqualTo("Hi ");
    assertThat(message.get("stop_reason").textValue()).isEqualTo("stop_sequence");
    assertThat(message.get("stop_sequence").textValue()).isEqualTo("STOP");
  }

  @Test
  void generatesWhatFitsOfALimitThatIsTooHighForTheModel() throws IOException {
    calls.server.batcher.room = 2;

    JsonNode message = calls.invoke(body("\"top_k\":1"));

    assertThat(calls.server.batcher.requests.getLast().maxTokens()).isEqualTo(2_000);
    assertThat(message.at("/content/0/text").textValue()).isEqualTo("Hi");
    assertThat(message.get("stop_reason").textValue()).isEqualTo("model_context_window_exceeded");
  }

  @Test
  void tellsThatTheLimitWasMet() throws IOException {
    JsonNode message =
        calls.invoke(body("\"top_k\":1").replace("\"max_tokens\":2000", "\"max_tokens\":2"));

    assertThat(message.at("/content/0/text").textValue()).isEqualTo("Hi");
    assertThat(message.get("stop_reason").textValue()).isEqualTo("max_tokens");
  }

  @Test
  void hasNoContentWhereTheModelWroteNone() throws IOException {
    calls.completion = "";

    assertThat(calls.invoke(body("\"top_k\":1")).get("content")).isEmpty();
    assertThat(calls.invokeStream(body("\"top_k\":1")).stream().map(e -> e.get("type").textValue()))
        .containsExactly("message_start", "message_delta", "message_stop");
  }

  @Test
  void streamsTheEventsOfTheApiExactly() throws IOException {
    calls.completion =
        "<think>Hm</think>Hi<tool_call>{\"name\":\"weather\",\"arguments\":{\"a\":1}}</tool_call>";

    List<JsonNode> events = calls.invokeStream(body(TOOLS));

    String message = events.getFirst().at("/message/id").textValue();
    String call =
        events.stream()
            .map(event -> event.at("/content_block/id"))
            .filter(JsonNode::isTextual)
            .findFirst()
            .orElseThrow()
            .textValue();
    assertThat(message).startsWith("msg_bdrk_");
    assertThat(call).matches("toolu_bdrk_[A-Za-z0-9_-]{22}");
    assertThat(events.stream().map(JsonNode::toString).limit(13))
        .containsExactly(
            "{\"type\":\"message_start\",\"message\":{\"model\":\"demo\",\"id\":\"%s\",\"type\":\"message\",\"role\":\"assistant\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":20,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"output_tokens\":1}}}"
                .formatted(message),
            "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}}",
            "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"H\"}}",
            "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"m\"}}",
            "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"signature_delta\",\"signature\":\"2xHbHlw0sik78jH4OyBrSz1PrWsGPGPYzooeiRMGfSQ=\"}}",
            "{\"type\":\"content_block_stop\",\"index\":0}",
            "{\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}",
            "{\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\"H\"}}",
            "{\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\"i\"}}",
            "{\"type\":\"content_block_stop\",\"index\":1}",
            "{\"type\":\"content_block_start\",\"index\":2,\"content_block\":{\"type\":\"tool_use\",\"id\":\"%s\",\"name\":\"weather\",\"input\":{}}}"
                .formatted(call),
            "{\"type\":\"content_block_delta\",\"index\":2,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\"}}",
            "{\"type\":\"content_block_delta\",\"index\":2,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"\\\"\"}}");
    StringBuilder input = new StringBuilder();
    events.forEach(event -> input.append(event.at("/delta/partial_json").asText("")));
    assertThat(input.toString()).isEqualTo("{\"a\":1}");
    assertThat(events.get(events.size() - 3).toString())
        .isEqualTo("{\"type\":\"content_block_stop\",\"index\":2}");
    assertThat(events.get(events.size() - 2).toString())
        .isEqualTo(
            "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\",\"stop_sequence\":null},\"usage\":{\"input_tokens\":20,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"output_tokens\":%d}}"
                .formatted(calls.completion.length() + 1));
    assertThat(events.getLast().toString())
        .startsWith(
            "{\"type\":\"message_stop\",\"amazon-bedrock-invocationMetrics\":{\"inputTokenCount\":20,");
  }

  @Test
  void answersWithThoughtsTextsAndCalls() throws IOException {
    calls.completion =
        "<think>Hm</think>Hi<tool_call>{\"name\":\"weather\",\"arguments\":{\"a\":1}}</tool_call>";

    JsonNode message = calls.invoke(body(TOOLS));

    assertThat(message.get("stop_reason").textValue()).isEqualTo("tool_use");
    assertThat(message.at("/content/0/thinking").textValue()).isEqualTo("Hm");
    assertThat(message.at("/content/0/signature").textValue()).isNotEmpty();
    assertThat(message.at("/content/1/text").textValue()).isEqualTo("Hi");
    assertThat(message.at("/content/2/input").toString()).isEqualTo("{\"a\":1}");
    assertThat(calls.server.text.lastTools.getFirst().description()).isEqualTo("Tells it");
  }

  @Test
  void streamsABrokenCallAsTextAfterItsBlock() throws IOException {
    calls.completion = "<tool_call>{\"name\":\"weather\",\"arguments\":{\"a\":b}}</tool_call>";

    List<JsonNode> events = calls.invokeStream(body(TOOLS));

    assertThat(
            events.stream()
                .filter(event -> event.has("content_block"))
                .map(event -> event.at("/content_block/type").textValue()))
        .containsExactly("tool_use", "text");
    assertThat(events.get(events.size() - 2).at("/delta/stop_reason").textValue())
        .isEqualTo("end_turn");
    assertThat(calls.invoke(body(TOOLS)).at("/content/0/text").textValue())
        .isEqualTo(calls.completion);
  }

  @Test
  void tellsTheModelTheWholeConversation() throws IOException {
    calls.invoke(
        """
        {"anthropic_version":"bedrock-2023-05-31","anthropic_beta":["x"],"max_tokens":9,
        "metadata":{"user_id":"u"},"system":[{"type":"text","text":"Be"},{"type":"text","text":"brief."}],
        "messages":[
          {"role":"user","content":"Weather?"},
          {"role":"user","content":[{"type":"text","text":"Quick!"}]},
          {"role":"assistant","content":[{"type":"thinking","thinking":"Hm","signature":"s"},
            {"type":"redacted_thinking","data":"x"},{"type":"text","text":"I look."},
            {"type":"tool_use","id":"toolu_1","name":"weather","input":{"city":"Oslo"}},
            {"type":"tool_use","id":"toolu_2","name":"weather","input":{}}]},
          {"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_2","content":"2"},
            {"type":"tool_result","tool_use_id":"toolu_1","is_error":true,
              "content":[{"type":"text","text":"1"},{"type":"text","text":"C"}]},
            {"type":"text","text":"And?"}]}],%s}
        """
            .formatted(TOOLS));

    assertThat(calls.server.text.lastPrompt)
        .isEqualTo(
            "system: Be\nbrief.\nuser: Weather?\nQuick!\nassistant: I look.\ntool: 2\ntool: 1\nC\n"
                + "user: And?\nassistant: ");
    var assistant = calls.server.text.lastMessages.get(2);
    assertThat(assistant.reasoning()).isEqualTo("Hm");
    assertThat(assistant.toolCalls().getFirst().arguments().toString()).isEqualTo("{city=Oslo}");
    assertThat(calls.server.text.lastMessages.get(3).name()).isEqualTo("weather");
    assertThat(calls.server.text.lastMessages.get(3).toolCallId()).isEqualTo("toolu_2");
  }

  @Test
  void reasonsOnlyWhereThinkingIsAskedFor() throws IOException {
    calls.invoke(body("\"top_k\":1"));
    assertThat(calls.server.text.lastVariables).containsEntry("enable_thinking", false);
    calls.invoke(body("\"thinking\":{\"type\":\"disabled\"}"));
    assertThat(calls.server.text.lastVariables).containsEntry("enable_thinking", false);
    calls.invoke(body("\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1024}"));
    assertThat(calls.server.text.lastVariables).containsEntry("enable_thinking", true);
    calls.invoke(
        body("\"thinking\":{\"type\":\"adaptive\"},\"output_config\":{\"effort\":\"max\"}"));
    assertThat(calls.server.text.lastVariables)
        .containsEntry("enable_thinking", true)
        .containsEntry("reasoning_effort", "high");
  }

  @Test
  void showsNoThoughtsWhereTheyAreToBeOmitted() throws IOException {
    calls.completion = "<think>Hm</think>17";
    String body = body("\"thinking\":{\"type\":\"adaptive\",\"display\":\"omitted\"}");

    JsonNode thought = calls.invoke(body).at("/content/0");
    List<JsonNode> events = calls.invokeStream(body);

    assertThat(thought.get("thinking").textValue()).isEmpty();
    assertThat(thought.get("signature").textValue())
        .isEqualTo(events.get(2).at("/delta/signature").textValue())
        .isNotEmpty();
    assertThat(events.get(3).toString()).isEqualTo("{\"type\":\"content_block_stop\",\"index\":0}");
    assertThat(events.get(5).at("/delta/text").textValue()).isEqualTo("1");
  }

  @Test
  void tellsTheModelDocumentsOfTextAndLaterSystemMessages() throws IOException {
    calls.invoke(
        """
        {"anthropic_version":"bedrock-2023-05-31","max_tokens":9,"messages":[
          {"role":"user","content":[{"type":"document","title":"Notes","source":
            {"type":"text","media_type":"text/plain","data":"It rains."}},{"type":"text","text":"So?"}]},
          {"role":"system","content":"Be brief."}]}
        """);

    assertThat(calls.server.text.lastPrompt)
        .isEqualTo("user: Notes\nIt rains.\nSo?\nsystem: Be brief.\nassistant: ");
  }

  @Test
  void offersNoToolsWhereTheChoiceIsNone() throws IOException {
    calls.invoke(body(TOOLS + ",\"tool_choice\":{\"type\":\"none\"}"));

    assertThat(calls.server.text.lastTools).isEmpty();
  }

  @Test
  void tellsCachedTokensApartWhereACacheControlIsSet() throws IOException {
    calls.server.batcher.cachedTokens = 8;
    calls.server.batcher.writtenTokens = 5;
    String plain = body("\"system\":[{\"type\":\"text\",\"text\":\"s\"}]");
    String marked = body("\"cache_control\":{\"type\":\"ephemeral\"}");

    assertThat(calls.invoke(plain).at("/usage").toString())
        .contains(
            "{\"input_tokens\":30,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,");
    assertThat(calls.invoke(marked).at("/usage").toString())
        .contains(
            "{\"input_tokens\":7,\"cache_creation_input_tokens\":5,\"cache_read_input_tokens\":8,");
    List<JsonNode> events = calls.invokeStream(marked);
    assertThat(events.get(events.size() - 2).at("/usage").toString())
        .startsWith(
            "{\"input_tokens\":7,\"cache_creation_input_tokens\":5,\"cache_read_input_tokens\":8,");
    JsonNode metrics = events.getLast().get("amazon-bedrock-invocationMetrics");
    assertThat(metrics.get("inputTokenCount").intValue()).isEqualTo(7);
    assertThat(metrics.get("cacheReadInputTokenCount").intValue()).isEqualTo(8);
    assertThat(metrics.get("cacheWriteInputTokenCount").intValue()).isEqualTo(5);
    RawHttp.Response whole = RawHttp.post(calls.server.server.port(), "/model/demo/invoke", marked);
    assertThat(whole.header("X-Amzn-Bedrock-Input-Token-Count")).isEqualTo("7");
    assertThat(whole.header("X-Amzn-Bedrock-Cache-Read-Input-Token-Count")).isEqualTo("8");
    assertThat(whole.header("X-Amzn-Bedrock-Cache-Write-Input-Token-Count")).isEqualTo("5");
  }

  private static String body(String more) {
    return "{\"anthropic_version\":\"bedrock-2023-05-31\",\"max_tokens\":2000,"
        + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],"
        + more
        + "}";
  }
}
