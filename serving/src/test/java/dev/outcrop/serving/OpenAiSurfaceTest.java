package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.batching.SubmitResult;
import dev.outcrop.batching.Tier;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.serving.testing.Await;
import dev.outcrop.serving.testing.ByteText;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Chat completions, completions, responses and models under /v1 and /openai/v1. */
final class OpenAiSurfaceTest {
  private static final String CHAT = "/v1/chat/completions";
  private static final String USER = "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]";
  private static final String TWO_CALLS =
      "<tool_call>{\"name\":\"f\",\"arguments\":{}}</tool_call>\n"
          + "<tool_call>{\"name\":\"f\",\"arguments\":{}}</tool_call>";

  private final ObjectMapper mapper = new ObjectMapper();
  private volatile String completion = "Hallo";
  private TestServer server;

  @BeforeEach
  void start() {
    server = new TestServer(this::completion);
  }

  /** The further choices of a request differ, as their seeds do. */
  private String completion(GenerateRequest request) {
    return request.sampling().seed() == 5 ? completion : completion.toUpperCase(Locale.ROOT);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void generatesSeveralChoicesOfOnePrompt() throws Exception {
    server.batcher.cachedTokens = 3;

    JsonNode body = ok(CHAT, USER + ",\"n\":8,\"seed\":5");

    assertThat(body.at("/choices")).hasSize(8);
    for (int i = 0; i < 8; i++) {
      assertThat(body.at("/choices/" + i + "/index").intValue()).isEqualTo(i);
      assertThat(body.at("/choices/" + i + "/message/content").textValue())
          .isEqualTo(i == 0 ? "Hallo" : "HALLO");
    }
    assertThat(server.batcher.requests.stream().map(r -> r.sampling().seed()).distinct())
        .hasSize(8);
    int prompt = server.batcher.requests.getFirst().prompt().length;
    assertThat(body.at("/usage/prompt_tokens").intValue()).as("counted once").isEqualTo(prompt);
    assertThat(body.at("/usage/completion_tokens").intValue()).isEqualTo(8 * 6);
    assertThat(body.at("/usage/total_tokens").intValue()).isEqualTo(prompt + 8 * 6);
    assertThat(body.at("/usage/prompt_tokens_details/cached_tokens").intValue()).isEqualTo(3);
    Await.until(() -> server.batcher.open() == 0);
  }

  @Test
  void startsFurtherChoicesWhenThePromptIsInTheCache() throws Exception {
    server.batcher.hold = true;
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(RawHttp.request("POST", CHAT, body(USER + ",\"n\":3,\"stream\":true"), ""));
      Await.until(() -> server.batcher.streams.size() == 1);
      server.batcher.streams.getFirst().release(1);
      Await.until(() -> server.batcher.streams.size() == 3);
      server.batcher.streams.forEach(stream -> stream.release(100));
      assertThat(http.response().text()).endsWith("data: [DONE]\n\n");
    }
    Await.until(() -> server.batcher.open() == 0);
  }

  @Test
  void streamsSeveralChoices() throws IOException {
    List<JsonNode> chunks =
        stream(CHAT, USER + ",\"n\":3,\"seed\":5,\"stream_options\":{\"include_usage\":true}");

    TreeMap<Integer, StringBuilder> texts = new TreeMap<>();
    List<Integer> roles = new ArrayList<>();
    List<Integer> ends = new ArrayList<>();
    for (JsonNode chunk : chunks.subList(0, chunks.size() - 1)) {
      assertThat(chunk.get("usage").isNull()).isTrue();
      JsonNode choice = chunk.at("/choices/0");
      int index = choice.get("index").intValue();
      texts
          .computeIfAbsent(index, _ -> new StringBuilder())
          .append(choice.at("/delta/content").asText(""));
      if (choice.at("/delta").has("role")) {
        roles.add(index);
      }
      if (!choice.get("finish_reason").isNull()) {
        ends.add(index);
      }
    }
    assertThat(texts.values().stream().map(StringBuilder::toString))
        .containsExactly("Hallo", "HALLO", "HALLO");
    assertThat(roles).containsExactlyInAnyOrder(0, 1, 2);
    assertThat(ends).containsExactlyInAnyOrder(0, 1, 2);
    assertThat(chunks.getLast().get("choices")).isEmpty();
    assertThat(chunks.getLast().at("/usage/completion_tokens").intValue()).isEqualTo(18);
  }

  @Test
  void endsAllChoicesWhenTheClientGoes() throws Exception {
    server.batcher.hold = true;
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(RawHttp.request("POST", CHAT, body(USER + ",\"n\":4,\"stream\":true"), ""));
      Await.until(() -> server.batcher.streams.size() == 1);
      server.batcher.streams.getFirst().release(1);
      Await.until(() -> server.batcher.open() == 4);
      http.reset();
      Await.until(() -> server.batcher.open() == 0);
      Await.until(() -> server.metrics().contains("CreateChatCompletion\",status=\"499\",} 1.0"));
    }
  }

  @Test
  void refusesAllChoicesWhereOneIsRefused() throws Exception {
    server.batcher.hold = true;
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(RawHttp.request("POST", CHAT, body(USER + ",\"n\":2,\"stream\":true"), ""));
      Await.until(() -> server.batcher.streams.size() == 1);
      server.batcher.refusal = full();
      server.batcher.streams.getFirst().release(1);
      RawHttp.Response response = http.response();
      assertThat(response.status()).isEqualTo(429);
      assertThat(response.header("retry-after")).isEqualTo("7");
      Await.until(() -> server.batcher.open() == 0);
    }
  }

  @Test
  void tellsFullQueueAsRateLimit() throws IOException {
    server.batcher.refusal = full();

    RawHttp.Response response = post(CHAT, body(USER));

    assertThat(response.status()).isEqualTo(429);
    assertThat(response.header("retry-after")).isEqualTo("7");
    assertThat(response.header("x-request-id")).isEqualTo(response.header("x-amzn-requestid"));
    assertThat(response.header("x-amzn-errortype")).isNull();
    assertThat(mapper.readTree(response.body()).toString())
        .isEqualTo(
            "{\"error\":{\"message\":\"full\",\"type\":\"requests\",\"param\":null,"
                + "\"code\":\"rate_limit_exceeded\"}}");
  }

  @ParameterizedTest
  @EnumSource(names = {"NEVER_FITS", "COMPLETION_NEVER_FITS"})
  void tellsWhatNeverFits(SubmitResult.Reason reason) throws IOException {
    server.batcher.refusal = new SubmitResult.Rejected(reason, "9 tokens", Duration.ZERO);

    RawHttp.Response response = post(CHAT, body(USER));

    assertThat(response.status()).isEqualTo(400);
    assertThat(mapper.readTree(response.body()).at("/error/code").textValue())
        .isEqualTo("context_length_exceeded");
  }

  @Test
  void completesSeveralPromptsSeveralTimes() throws IOException {
    JsonNode body = ok("/v1/completions", "\"prompt\":[\"a\",\"bc\"],\"n\":2,\"seed\":5");

    assertThat(body.at("/choices").findValuesAsText("text"))
        .containsExactly("Hallo", "HALLO", "Hallo", "HALLO");
    assertThat(body.at("/choices").findValuesAsText("index")).containsExactly("0", "1", "2", "3");
    assertThat(body.at("/usage/prompt_tokens").intValue()).isEqualTo(3);
    assertThat(server.batcher.requests.stream().map(r -> text(r.prompt())))
        .containsExactly("a", "bc", "a", "bc");
    assertThat(server.batcher.requests.getFirst().maxTokens()).as("by default").isEqualTo(16);
  }

  @Test
  void completesTokens() throws IOException {
    ok("/v1/completions", "\"prompt\":[72,105],\"max_tokens\":3");
    ok("/v1/completions", "\"prompt\":[[72],[257]]");

    assertThat(server.batcher.requests.stream().map(r -> r.prompt()[0]))
        .containsExactly(72, 72, 257);
    assertThat(server.batcher.requests.getFirst().maxTokens()).isEqualTo(3);
  }

  @Test
  void completesThroughInvokeModelAsImportedModelsDo() throws IOException {
    RawHttp.Response response =
        post(
            "/model/arn:aws:bedrock:us-east-1:123456789012:imported-model%2Fdemo/invoke",
            "{\"prompt\":\"a\",\"max_tokens\":3,\"seed\":5}");

    assertThat(response.status()).as(response.text()).isEqualTo(200);
    JsonNode body = mapper.readTree(response.body());
    assertThat(body.get("object").textValue()).isEqualTo("text_completion");
    assertThat(body.at("/choices/0/text").textValue()).isEqualTo("Hal");
    assertThat(body.at("/choices/0/finish_reason").textValue()).isEqualTo("length");
    assertThat(body.at("/usage/completion_tokens").intValue()).isEqualTo(3);
  }

  @Test
  void readsAllThatItSupports() throws IOException {
    ok(
        CHAT,
        """
        "messages":[{"role":"developer","content":"d"},
          {"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}],
        "temperature":0.5,"top_p":0.25,"top_k":3,"min_p":0.125,"presence_penalty":1,
        "frequency_penalty":-1,"repetition_penalty":1.5,"seed":5,"max_tokens":9,
        "max_completion_tokens":4,"stop":"x","service_tier":"priority","reasoning_effort":"none",
        "chat_template_kwargs":{"thinking":false},"user":"u","metadata":{"k":"v"},
        "safety_identifier":"s","prompt_cache_key":"c","store":false,"logit_bias":{},
        "response_format":{"type":"text"},"tool_choice":"none","parallel_tool_calls":true
        """);

    GenerateRequest request = server.batcher.requests.getFirst();
    assertThat(server.text.lastPrompt).isEqualTo("system: d\nuser: a\nb\nassistant: ");
    assertThat(request.maxTokens()).isEqualTo(4);
    assertThat(request.sampling()).isEqualTo(new Sampling(0.5, 3, 0.25, 0.125, 1.5, 1, -1, 5, -1));
    assertThat(request.service().tier()).isEqualTo(Tier.PRIORITY);
    assertThat(server.text.lastVariables.toString())
        .isEqualTo("{reasoning_effort=none, enable_thinking=false, thinking=false}");
  }

  @Test
  void endsTheTurnAfterOneCallWhereOnlyOneIsWanted() throws Exception {
    completion = TWO_CALLS;
    String tools =
        USER + ",\"seed\":5,\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]";

    assertThat(ok(CHAT, tools).at("/choices/0/message/tool_calls")).hasSize(2);
    JsonNode one = ok(CHAT, tools + ",\"parallel_tool_calls\":false");

    assertThat(one.at("/choices/0/message/tool_calls")).hasSize(1);
    assertThat(one.at("/choices/0/finish_reason").textValue()).isEqualTo("tool_calls");
    assertThat(one.at("/usage/completion_tokens").intValue())
        .isEqualTo(TWO_CALLS.indexOf("</tool_call>"));
    Await.until(() -> server.batcher.open() == 0);
  }

  @Test
  void listsAndFindsModels() throws IOException {
    JsonNode list = mapper.readTree(get("/openai/v1/models").body());

    assertThat(list.get("object").textValue()).isEqualTo("list");
    assertThat(list.get("data").findValuesAsText("id"))
        .contains(TestServer.MODEL, "demo", "org/name");
    JsonNode model = mapper.readTree(get("/v1/models/org%2Fname").body());
    assertThat(model.get("id").textValue()).isEqualTo("org/name");
    assertThat(model.get("object").textValue()).isEqualTo("model");
    assertThat(model.get("created").isIntegralNumber()).isTrue();
    assertThat(model.get("owned_by").textValue()).isEqualTo("outcrop");
    assertThat(get("/v1/models/org/name").status()).isEqualTo(200);
    RawHttp.Response unknown = get("/v1/models/nobody%2Fhere");
    assertThat(unknown.status()).isEqualTo(404);
    assertThat(mapper.readTree(unknown.body()).at("/error/code").textValue())
        .isEqualTo("model_not_found");
  }

  @Test
  void readsTheItemsOfAConversation() throws IOException {
    ok(
        "/v1/responses",
        """
        "instructions":"i","input":[
         {"role":"user","content":"q"},
         {"type":"reasoning","id":"rs_1","summary":[],"content":[{"type":"reasoning_text","text":"r"}]},
         {"type":"message","role":"assistant","content":[{"type":"output_text","text":"t"}]},
         {"type":"function_call","call_id":"c1","name":"f","arguments":"{\\"a\\":1}"},
         {"type":"function_call","call_id":"c2","name":"g","arguments":""},
         {"type":"function_call_output","call_id":"c1","output":"one"},
         {"type":"function_call_output","call_id":"c2","output":[{"type":"input_text","text":"two"}]},
         {"type":"message","role":"developer","content":[{"type":"input_text","text":"d"}]}],
        "reasoning":{"effort":"low"},"store":false,"include":["reasoning.encrypted_content"]
        """);

    assertThat(server.text.lastPrompt)
        .isEqualTo(
            "system: i\nuser: q\nassistant: t\ntool: one\ntool: two\nsystem: d\nassistant: ");
    var turn = server.text.lastMessages.get(2);
    assertThat(turn.reasoning()).isEqualTo("r");
    assertThat(turn.toolCalls().stream().map(call -> call.id() + call.name() + call.arguments()))
        .containsExactly("c1f{a=1}", "c2g{}");
    assertThat(server.text.lastMessages.get(3).toolCallId()).isEqualTo("c1");
    assertThat(server.text.lastVariables.toString()).isEqualTo("{reasoning_effort=low}");
  }

  private static SubmitResult.Rejected full() {
    return new SubmitResult.Rejected(SubmitResult.Reason.OVERLOADED, "full", Duration.ofSeconds(7));
  }

  private static String text(int[] prompt) {
    return ByteText.text(prompt, 0, prompt.length);
  }

  private static String body(String members) {
    return "{\"model\":\"demo\"," + members + "}";
  }

  private RawHttp.Response post(String path, String body) throws IOException {
    return RawHttp.post(server.server.port(), path, body);
  }

  private RawHttp.Response get(String path) throws IOException {
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(RawHttp.request("GET", path, "", ""));
      return http.response();
    }
  }

  private JsonNode ok(String path, String members) throws IOException {
    RawHttp.Response response = post(path, body(members));
    assertThat(response.status()).as(response.text()).isEqualTo(200);
    return mapper.readTree(response.body());
  }

  private List<JsonNode> stream(String path, String members) throws IOException {
    RawHttp.Response response = post(path, body(members + ",\"stream\":true"));
    assertThat(response.status()).as(response.text()).isEqualTo(200);
    assertThat(response.text()).endsWith("\n\ndata: [DONE]\n\n");
    List<JsonNode> chunks = new ArrayList<>();
    for (String event : response.text().split("\n\n")) {
      assertThat(event).startsWith("data: ");
      if (!event.equals("data: [DONE]")) {
        chunks.add(mapper.readTree(event.substring("data: ".length())));
      }
    }
    return chunks;
  }
}
