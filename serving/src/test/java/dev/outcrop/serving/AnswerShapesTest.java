package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.serving.testing.Calls;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.RawHttp2;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.eventstream.Message;

/** The JSON that goes out: Converse, its stream, the Llama body and the OpenAI chat body. */
final class AnswerShapesTest {
  private static final String USER =
      "\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]";

  @RegisterExtension final Calls calls = new Calls("Hello STOP world");

  @Test
  void converseHasTheMembersOfBedrock() throws IOException {
    JsonNode body = calls.converse("\"inferenceConfig\":{\"maxTokens\":5}");

    assertThat(body.fieldNames())
        .toIterable()
        .containsExactly("metrics", "output", "stopReason", "usage");
    assertThat(body.at("/output/message/content/0/text").textValue()).isEqualTo("Hello");
    assertThat(body.at("/output/message/role").textValue()).isEqualTo("assistant");
    assertThat(body.at("/stopReason").textValue()).isEqualTo("max_tokens");
    assertThat(body.at("/usage").toString())
        .isEqualTo("{\"inputTokens\":20,\"outputTokens\":5,\"totalTokens\":25}");
    assertThat(body.at("/metrics/latencyMs").isIntegralNumber()).isTrue();
  }

  @Test
  void converseEndsAtStopSequence() throws IOException {
    JsonNode body =
        calls.converse(
            "\"inferenceConfig\":{\"stopSequences\":[\"xyz\",\"STOP\"]},"
                + "\"additionalModelResponseFieldPaths\":[\"/stop_sequence\"]");

    assertThat(body.at("/output/message/content/0/text").textValue()).isEqualTo("Hello ");
    assertThat(body.at("/stopReason").textValue()).isEqualTo("stop_sequence");
    assertThat(body.at("/additionalModelResponseFields/stop_sequence").textValue())
        .isEqualTo("STOP");
    assertThat(calls.server.batcher.open()).isZero();
  }

  @Test
  void converseOfNothingHasAnEmptyText() throws IOException {
    calls.completion = "";

    assertThat(calls.converse("\"x\":1").at("/output/message/content").toString())
        .isEqualTo("[{\"text\":\"\"}]");
    assertThat(calls.converseStream("\"x\":1").stream().map(Calls::type))
        .containsExactly(
            "messageStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata");
  }

  @Test
  void converseTellsCachedTokensOnlyWhereACachePointIsSet() throws IOException {
    calls.server.batcher.cachedTokens = 8;
    calls.server.batcher.writtenTokens = 6;

    assertThat(calls.converse("\"x\":1").at("/usage").toString())
        .isEqualTo("{\"inputTokens\":20,\"outputTokens\":17,\"totalTokens\":37}");
    assertThat(
            calls
                .converse("\"system\":[{\"text\":\"s\"},{\"cachePoint\":{\"type\":\"default\"}}]")
                .at("/usage")
                .toString())
        .isEqualTo(
            "{\"inputTokens\":16,\"outputTokens\":17,\"totalTokens\":47,"
                + "\"cacheReadInputTokens\":8,\"cacheWriteInputTokens\":6}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"system\":[{\"text\":\"s\"},{\"cachePoint\":{\"type\":\"default\",\"ttl\":\"1h\"}}]",
        "\"toolConfig\":{\"tools\":[{\"toolSpec\":{\"name\":\"t\",\"inputSchema\":{\"json\":{}}}},{\"cachePoint\":{\"type\":\"default\"}}]}",
        "\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"},{\"cachePoint\":{\"type\":\"default\"}}]}]"
      })
  void aStopSequenceKeepsTheCountsOfTheCache(String cachePoint) throws IOException {
    calls.server.batcher.cachedTokens = 8;
    calls.server.batcher.writtenTokens = 6;
    String body =
        "{\"inferenceConfig\":{\"stopSequences\":[\"STOP\"]},"
            + (cachePoint.contains("messages") ? "" : USER + ",")
            + cachePoint
            + "}";

    JsonNode whole =
        new ObjectMapper()
            .readTree(
                RawHttp.post(calls.server.server.port(), "/model/demo/converse", body).body());
    byte[] stream =
        RawHttp.post(calls.server.server.port(), "/model/demo/converse-stream", body).body();

    assertThat(whole.at("/stopReason").textValue()).isEqualTo("stop_sequence");
    for (JsonNode usage :
        List.of(whole.get("usage"), Calls.json(RawHttp2.messages(stream).getLast()).get("usage"))) {
      assertThat(usage.at("/cacheReadInputTokens").intValue()).isEqualTo(8);
      assertThat(usage.at("/cacheWriteInputTokens").intValue()).isEqualTo(6);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"standard", "optimized"})
  void converseSaysThatItServesTheStandardLatency(String latency) throws IOException {
    String asked = "\"performanceConfig\":{\"latency\":\"" + latency + "\"}";

    assertThat(calls.converse(asked).at("/performanceConfig").toString())
        .isEqualTo("{\"latency\":\"standard\"}");
    assertThat(
            Calls.json(calls.converseStream(asked).getLast()).at("/performanceConfig").toString())
        .isEqualTo("{\"latency\":\"standard\"}");
    assertThat(calls.converse("\"performanceConfig\":{}").has("performanceConfig")).isFalse();
  }

  @Test
  void converseAnswersTheResponseFieldsThatThereAre() throws IOException {
    String paths = "\"additionalModelResponseFieldPaths\":[\"/stop_sequence\",\"/other/~01\"]";

    assertThat(calls.converse(paths).get("additionalModelResponseFields").toString())
        .isEqualTo("{\"stop_sequence\":null}");
    List<Message> messages = calls.converseStream(paths);
    assertThat(Calls.json(messages.get(messages.size() - 2)).has("additionalModelResponseFields"))
        .isTrue();
    assertThat(
            calls
                .converse("\"additionalModelResponseFieldPaths\":[\"/other\"]")
                .has("additionalModelResponseFields"))
        .isFalse();
  }

  @Test
  void converseStreamPadsEveryEvent() throws IOException {
    for (Message message : calls.converseStream("\"x\":1")) {
      assertThat(Calls.json(message).get("p").textValue()).matches("abc[a-zA-Z0-9]{0,58}");
    }
  }

  @Test
  void converseTellsToolResultsToTheTemplate() throws IOException {
    RawHttp.Response response =
        RawHttp.post(
            calls.server.server.port(),
            "/model/demo/converse",
            """
            {%s,"messages":[
             {"role":"user","content":[{"text":"Weather?"}]},
             {"role":"assistant","content":[{"text":"I look."},
               {"toolUse":{"toolUseId":"a","name":"weather","input":{"city":"Oslo"}}}]},
             {"role":"user","content":[{"toolResult":{"toolUseId":"a","content":[{"json":{"c":3}},{"text":"ok"}]}},
               {"text":"And?"}]}]}
            """
                .formatted(Calls.TOOLS));

    assertThat(response.status()).isEqualTo(200);
    assertThat(calls.server.text.lastPrompt)
        .isEqualTo(
            "user: Weather?\nassistant: I look.\ntool: {\"c\":3}\nok\nuser: And?\nassistant: ");
    assertThat(calls.server.text.lastMessages.get(1).toolCalls().getFirst().arguments().toString())
        .isEqualTo("{city=Oslo}");
    assertThat(calls.server.text.lastMessages.get(2).name()).isEqualTo("weather");
  }

  @Test
  void converseTellsSamplingToTheBatcher() throws IOException {
    calls.converse(
        """
        "inferenceConfig":{"maxTokens":7,"temperature":0.25,"topP":0.5},
        "additionalModelRequestFields":{"top_k":40,"min_p":0.1,"seed":42,"repetition_penalty":1.1,
        "presence_penalty":0.5,"frequency_penalty":-0.5,"enable_thinking":false,
        "reasoning_effort":"low"}
        """);

    var request = calls.server.batcher.requests.getLast();
    assertThat(request.maxTokens()).isEqualTo(7);
    assertThat(request.service().tenant()).isEqualTo("local");
    assertThat(request.sampling())
        .isEqualTo(
            new dev.outcrop.models.engine.Sampling(0.25, 40, 0.5, 0.1, 1.1, 0.5, -0.5, 42, -1));
    assertThat(calls.server.text.lastVariables.toString())
        .isEqualTo("{enable_thinking=false, reasoning_effort=low}");
  }

  @ParameterizedTest
  @CsvSource({"low,low", "medium,medium", "high,high", "xhigh,high", "max,high"})
  void converseTellsTheEffortToTheTemplate(String effort, String told) throws IOException {
    calls.converse("\"outputConfig\":{\"effort\":\"" + effort + "\"}");

    assertThat(calls.server.text.lastVariables.get("reasoning_effort")).isEqualTo(told);
  }

  @Test
  void drawsASeedForEveryRequestThatNamesNone() throws IOException {
    calls.converse("\"x\":1");
    calls.converse("\"x\":1");

    assertThat(calls.server.batcher.requests.getFirst().sampling().seed())
        .isNotEqualTo(calls.server.batcher.requests.getLast().sampling().seed());
  }

  @Test
  void llamaStreamEndsWithMetrics() throws IOException {
    List<JsonNode> chunks = calls.invokeStream("{\"prompt\":\"abcde\",\"max_gen_len\":2}");

    assertThat(chunks.getFirst().toString())
        .isEqualTo(
            "{\"generation\":\"H\",\"prompt_token_count\":5,\"generation_token_count\":1,\"stop_reason\":null}");
    assertThat(chunks.get(1).at("/prompt_token_count").isNull()).isTrue();
    JsonNode last = chunks.getLast();
    assertThat(last.at("/stop_reason").textValue()).isEqualTo("length");
    assertThat(last.at("/amazon-bedrock-invocationMetrics").fieldNames())
        .toIterable()
        .containsExactly(
            "inputTokenCount", "outputTokenCount", "invocationLatency", "firstByteLatency");
    assertThat(last.at("/amazon-bedrock-invocationMetrics/outputTokenCount").intValue())
        .isEqualTo(2);
  }

  @Test
  void chatHasTheMembersOfOpenAi() throws IOException {
    JsonNode body =
        calls.invoke(
            """
            {"model":"demo","stream":false,"max_completion_tokens":3,"logprobs":true,"top_logprobs":2,
            "messages":[{"role":"developer","content":"d"},
            {"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]}
            """);

    assertThat(calls.server.text.lastPrompt).isEqualTo("system: d\nuser: a\nb\nassistant: ");
    assertThat(body.at("/id").textValue()).startsWith("chatcmpl-");
    assertThat(body.at("/object").textValue()).isEqualTo("chat.completion");
    assertThat(body.at("/created").longValue()).isPositive();
    assertThat(body.at("/model").textValue()).isEqualTo("demo");
    assertThat(body.at("/choices/0/message").toString())
        .isEqualTo("{\"role\":\"assistant\",\"content\":\"Hel\"}");
    assertThat(body.at("/choices/0/finish_reason").textValue()).isEqualTo("length");
    assertThat(body.at("/choices/0/logprobs/content")).hasSize(3);
    assertThat(body.at("/choices/0/logprobs/content/0").toString())
        .isEqualTo(
            "{\"token\":\"H\",\"logprob\":-0.25,\"bytes\":[72],\"top_logprobs\":"
                + "[{\"token\":\"H\",\"logprob\":0.0,\"bytes\":[72]},{\"token\":\"H\",\"logprob\":0.0,\"bytes\":[72]}]}");
    assertThat(body.at("/usage/total_tokens").intValue())
        .isEqualTo(body.at("/usage/prompt_tokens").intValue() + 3);
  }
}
