package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outcrop.serving.testing.Calls;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The native bodies of text models, and which of them is read. */
final class NativeBodiesTest {
  private static final String CALL =
      "I look.\n<tool_call>{\"name\":\"weather\",\"arguments\":{\"city\":\"Oslo\"}}</tool_call>";
  private static final String TOOLS =
      "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"tools\":[{\"type\":\"function\",\"function\":"
          + "{\"name\":\"weather\",\"parameters\":{\"type\":\"object\"}}}]}";
  private static final String METRICS = "amazon-bedrock-invocationMetrics";

  @RegisterExtension final Calls calls = new Calls("Hé STOP");

  @Test
  void importedModelTellsLogprobsByTokenId() throws IOException {
    String body = "{\"prompt\":\"abc\",\"max_gen_len\":1,\"return_logprobs\":true}";

    assertThat(calls.invoke(TestServer.IMPORTED, body).toString())
        .isEqualTo(
            "{\"generation\":\"H\",\"prompt_token_count\":3,\"generation_token_count\":1,"
                + "\"stop_reason\":\"length\",\"logprobs\":[{\"72\":-0.25}]}");
    List<JsonNode> chunks = calls.invokeStream(TestServer.IMPORTED, body);
    assertThat(chunks.getFirst().toString())
        .isEqualTo(
            "{\"generation\":\"H\",\"prompt_token_count\":3,\"generation_token_count\":1,"
                + "\"stop_reason\":null,\"logprobs\":[{\"72\":-0.25}]}");
    assertThat(chunks.getLast().get("logprobs")).isEmpty();
  }

  @Test
  void importedModelHasNullForLogprobsThatNobodyAskedFor() throws IOException {
    JsonNode body = calls.invoke(TestServer.IMPORTED, "{\"prompt\":\"abc\"}");

    assertThat(body.get("logprobs").isNull()).isTrue();
    assertThat(body.get("stop_reason").textValue()).isEqualTo("stop");
    assertThat(calls.invoke(TestServer.MODEL, "{\"prompt\":\"abc\"}").has("logprobs")).isFalse();
  }

  @Test
  void mistralTextTakesItsParameters() throws IOException {
    JsonNode body =
        calls.invoke(
            TestServer.MISTRAL_TEXT,
            "{\"prompt\":\"<s>[INST] hi [/INST]\",\"max_tokens\":9,\"stop\":[\"ST\"],"
                + "\"temperature\":0.25,\"top_p\":0.5,\"top_k\":7}");

    assertThat(body.toString())
        .isEqualTo("{\"outputs\":[{\"text\":\"Hé \",\"stop_reason\":\"stop\"}]}");
    assertThat(calls.server.text.lastPrompt).isEqualTo("<s>[INST] hi [/INST]");
    var request = calls.server.batcher.requests.getLast();
    assertThat(request.maxTokens()).isEqualTo(9);
    assertThat(request.sampling().temperature()).isEqualTo(0.25);
    assertThat(request.sampling().topP()).isEqualTo(0.5);
    assertThat(request.sampling().topK()).isEqualTo(7);
  }

  @Test
  void mistralTextStreams() throws IOException {
    List<JsonNode> chunks =
        calls.invokeStream(TestServer.MISTRAL_TEXT, "{\"prompt\":\"abc\",\"max_tokens\":2}");

    assertThat(chunks.getFirst().toString())
        .isEqualTo("{\"outputs\":[{\"text\":\"H\",\"stop_reason\":null}]}");
    assertThat(chunks.getLast().at("/outputs/0/stop_reason").textValue()).isEqualTo("length");
    assertThat(chunks.getLast().at("/" + METRICS + "/inputTokenCount").intValue()).isEqualTo(3);
    assertThat(chunks.getLast().at("/" + METRICS + "/outputTokenCount").intValue()).isEqualTo(2);
  }

  @Test
  void deepSeekAnswersWithChoicesOfText() throws IOException {
    String body = "{\"prompt\":\"abc\",\"max_tokens\":1,\"stop\":[\"x\"]}";

    assertThat(calls.invoke("us." + TestServer.DEEPSEEK, body).toString())
        .isEqualTo("{\"choices\":[{\"text\":\"H\",\"stop_reason\":\"length\"}]}");
    List<JsonNode> chunks = calls.invokeStream(TestServer.DEEPSEEK, body);
    assertThat(chunks.getFirst().toString())
        .isEqualTo("{\"choices\":[{\"text\":\"H\",\"stop_reason\":null}]}");
    assertThat(chunks.getLast().at("/choices/0/stop_reason").textValue()).isEqualTo("length");
    assertThat(chunks.getLast().has(METRICS)).isTrue();
  }

  @Test
  void deepSeekKeepsReasoningThatItsCallersPromptBegan() throws IOException {
    calls.completion = "Hm.</think>17";

    assertThat(
            calls
                .invoke(TestServer.DEEPSEEK, "{\"prompt\":\"<think>\\n\",\"max_tokens\":50}")
                .at("/choices/0/text")
                .textValue())
        .isEqualTo("Hm.</think>17");
  }

  @Test
  void importedModelTakesAnOpenAiCompletionWhereMaxTokensSaysSo() throws IOException {
    String body = "{\"prompt\":\"abc\",\"max_tokens\":1,\"stop\":\"x\"}";

    JsonNode answer = calls.invoke(TestServer.IMPORTED, body);
    List<JsonNode> chunks = calls.invokeStream(TestServer.IMPORTED, body);

    assertThat(answer.get("id").textValue()).startsWith("cmpl-");
    assertThat(answer.get("object").textValue()).isEqualTo("text_completion");
    assertThat(answer.at("/choices/0").toString())
        .isEqualTo("{\"index\":0,\"text\":\"H\",\"logprobs\":null,\"finish_reason\":\"length\"}");
    assertThat(answer.at("/usage/prompt_tokens").intValue()).isEqualTo(3);
    assertThat(answer.at("/usage/completion_tokens").intValue()).isEqualTo(1);
    assertThat(chunks.getFirst().at("/choices/0/text").textValue()).isEqualTo("H");
    assertThat(chunks.getLast().at("/choices/0/finish_reason").textValue()).isEqualTo("length");
    assertThat(chunks.getLast().has(METRICS)).isTrue();
  }

  @Test
  void titanTakesAnInstructionByTheTemplateOfTheModel() throws IOException {
    JsonNode body =
        calls.invoke(
            "{\"inputText\":\"hi\",\"textGenerationConfig\":{\"maxTokenCount\":9,\"temperature\":0,"
                + "\"topP\":0.5,\"stopSequences\":[\"ST\"]}}");

    assertThat(calls.server.text.lastPrompt).isEqualTo("user: hi\nassistant: ");
    assertThat(body.toString())
        .isEqualTo(
            "{\"inputTextTokenCount\":20,\"results\":[{\"tokenCount\":6,\"outputText\":\"Hé \","
                + "\"completionReason\":\"STOP_CRITERIA_MET\"}]}");
    assertThat(calls.server.batcher.requests.getLast().sampling().topP()).isEqualTo(0.5);
  }

  @Test
  void titanStreamsWithoutReasoning() throws IOException {
    calls.completion = "<think>Hm.</think>17";

    List<JsonNode> chunks = calls.invokeStream("{\"inputText\":\"hi\"}");

    assertThat(chunks).hasSize(3);
    assertThat(chunks.getFirst().toString())
        .isEqualTo(
            "{\"outputText\":\"1\",\"index\":0,\"totalOutputTextTokenCount\":null,"
                + "\"completionReason\":null,\"inputTextTokenCount\":20}");
    assertThat(chunks.getLast().toString())
        .startsWith(
            "{\"outputText\":\"\",\"index\":0,\"totalOutputTextTokenCount\":21,"
                + "\"completionReason\":\"FINISH\",\"inputTextTokenCount\":null,\""
                + METRICS);
  }

  @Test
  void mistralChatHasWordsOfItsOwn() throws IOException {
    calls.completion = CALL;

    JsonNode body = calls.invoke(TestServer.MISTRAL_CHAT, TOOLS);

    String id = body.at("/choices/0/message/tool_calls/0/id").textValue();
    assertThat(body.toString())
        .isEqualTo(
            ("{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"I look.\","
                    + "\"tool_calls\":[{\"id\":\"%s\",\"type\":\"function\",\"function\":{\"name\":\"weather\","
                    + "\"arguments\":\"{\\\"city\\\":\\\"Oslo\\\"}\"}}]},\"stop_reason\":\"tool_calls\"}]}")
                .formatted(id));
  }

  @Test
  void mistralChatStreamsCallsWhole() throws IOException {
    calls.completion = CALL;

    List<JsonNode> chunks = calls.invokeStream(TestServer.MISTRAL_CHAT, TOOLS);

    assertThat(chunks).hasSize(7);
    assertThat(chunks.getFirst().toString())
        .isEqualTo(
            "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"I\"},"
                + "\"stop_reason\":null}]}");
    JsonNode last = chunks.getLast();
    assertThat(last.at("/choices/0/stop_reason").textValue()).isEqualTo("tool_calls");
    assertThat(last.at("/choices/0/message/content").textValue()).isEmpty();
    assertThat(last.at("/choices/0/message/tool_calls/0/function/arguments").textValue())
        .isEqualTo("{\"city\":\"Oslo\"}");
    assertThat(last.has(METRICS)).isTrue();
  }

  @Test
  void mistralChatStreamsABrokenCallAsText() throws IOException {
    calls.completion =
        "Hm.<tool_call>{\"name\":\"weather\",\"arguments\":{\"city\":Oslo}}</tool_call>";

    StringBuilder text = new StringBuilder();
    for (JsonNode chunk : calls.invokeStream(TestServer.MISTRAL_CHAT, TOOLS)) {
      text.append(chunk.at("/choices/0/message/content").textValue());
      assertThat(chunk.at("/choices/0/message").has("tool_calls")).isFalse();
    }

    assertThat(text.toString()).isEqualTo(calls.completion);
  }

  @Test
  void gptOssShowsReasoningInItsContent() throws IOException {
    calls.completion = "<think>Hm.</think>17";
    String body = "{\"messages\":[{\"role\":\"user\",\"content\":\"?\"}]}";

    assertThat(calls.invoke(TestServer.GPT_OSS, body).at("/choices/0/message").toString())
        .isEqualTo("{\"role\":\"assistant\",\"content\":\"<reasoning>Hm.</reasoning>17\"}");
    StringBuilder text = new StringBuilder();
    for (JsonNode chunk : calls.invokeStream(TestServer.GPT_OSS, body)) {
      text.append(chunk.at("/choices/0/delta/content").asText(""));
      assertThat(chunk.at("/choices/0/delta").has("reasoning_content")).isFalse();
    }
    assertThat(text.toString()).isEqualTo("<reasoning>Hm.</reasoning>17");
  }

  @Test
  void gptOssClosesReasoningThatWasCutOff() throws IOException {
    calls.completion = "<think>Hm.</think>17";
    String body = "{\"messages\":[{\"role\":\"user\",\"content\":\"?\"}],\"max_tokens\":9}";

    assertThat(calls.invoke(TestServer.GPT_OSS, body).at("/choices/0/message/content").textValue())
        .isEqualTo("<reasoning>Hm</reasoning>");
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "mistral.mistral-7b-instruct-v0:2,`{'prompt':'a','max_gen_len':9}`,generation",
        "mistral.mistral-7b-instruct-v0:2,`{'prompt':'a','max_tokens':9}`,outputs",
        "deepseek.r1-v1:0,`{'prompt':'a','max_gen_len':9}`,generation",
        "anthropic.claude-3-haiku-20240307-v1:0,`{'prompt':'a'}`,logprobs",
        "openai.gpt-oss-20b-1:0,`{'prompt':'a','max_tokens':9}`,object",
        "openai.gpt-oss-20b-1:0,`{'inputText':'a'}`,results",
        "mistral.mistral-large-2407-v1:0,`{'anthropic_version':'a','max_tokens':9,'messages':[{'role':'user','content':'a'}]}`,stop_sequence",
        "mistral.mistral-7b-instruct-v0:2,`{'messages':[{'role':'user','content':'a'}],'max_tokens':9}`,choices",
        "deepseek.r1-v1:0,`{'messages':[{'role':'user','content':'a'}],'max_tokens':9}`,usage"
      })
  void picksTheBodyByItsKeysAndOnlyThenByTheModelsName(String model, String body, String member)
      throws IOException {
    assertThat(calls.invoke(model, body.replace('\'', '"')).has(member)).isTrue();
  }

  @Test
  void everyBodyTellsTokensAndLatencyInHeaders() throws IOException {
    for (String[] call :
        new String[][] {
          {TestServer.MODEL, "{\"prompt\":\"abc\"}"},
          {TestServer.IMPORTED, "{\"prompt\":\"abc\"}"},
          {TestServer.MISTRAL_TEXT, "{\"prompt\":\"abc\"}"},
          {TestServer.DEEPSEEK, "{\"prompt\":\"abc\"}"}
        }) {
      RawHttp.Response response =
          RawHttp.post(calls.server.server.port(), "/model/" + call[0] + "/invoke", call[1]);

      assertThat(response.status()).as(call[0]).isEqualTo(200);
      assertThat(response.header("X-Amzn-Bedrock-Input-Token-Count")).isEqualTo("3");
      assertThat(response.header("X-Amzn-Bedrock-Output-Token-Count")).isEqualTo("9");
      assertThat(response.header("X-Amzn-Bedrock-Invocation-Latency")).matches("\\d+");
    }
  }
}
