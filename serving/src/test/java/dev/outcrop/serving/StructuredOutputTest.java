package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.batching.Batcher;
import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.loop.Batchers;
import dev.outcrop.models.completion.ReasoningFormat;
import dev.outcrop.models.completion.ToolFormat;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.testing.FakeEngine;
import dev.outcrop.models.testing.Roofline;
import dev.outcrop.serving.config.ManagementConfig;
import dev.outcrop.serving.config.ServingConfig;
import dev.outcrop.serving.generate.ServedModel;
import dev.outcrop.serving.testing.ByteText;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Answers that have to look like something, from every API, over the real batcher: an engine that
 * draws any tokens may only draw those that fit.
 */
final class StructuredOutputTest {
  private static final String SCHEMA =
      "{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":9},"
          + "\"s\":{\"enum\":[\"a\",\"b\"]}},\"required\":[\"n\",\"s\"],\"additionalProperties\":false}";
  private static final String USER = "{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}";
  private static final String INVOKE = "/model/demo/invoke";
  private static final String CHAT = "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]";

  private final ObjectMapper mapper = new ObjectMapper();
  private final ByteText text = new ByteText();
  private volatile int[] script = {};
  private Batcher batcher;
  private OutcropServer server;

  @BeforeEach
  void start() {
    text.format = text.format.withReasoning(ReasoningFormat.NONE);
    FakeEngine.NextToken random = FakeEngine.NextToken.hashed(ByteText.BEGIN);
    FakeEngine engine =
        new FakeEngine(
            new KvGeometry(32, 512, 1, 8_192),
            Roofline.INSTANT,
            (history, prompt, length) ->
                length - prompt < script.length
                    ? script[length - prompt]
                    : random.next(history, prompt, length),
            FakeEngine.StepFault.NONE,
            nanos -> {});
    batcher =
        Batchers.start(
            "demo", engine, new BatchingConfig(16, 128, 64, 8_192, 4_000), System::nanoTime);
    server =
        OutcropServer.start(
            ServingConfig.DEFAULT
                .withHttp(ServingConfig.DEFAULT.http().withPort(0))
                .withManagement(new ManagementConfig("127.0.0.1", 0, null)),
            List.of(new ServedModel("demo", List.of(), batcher, text, TestServer.DEFAULTS)));
  }

  @AfterEach
  void stop() {
    server.close();
    batcher.close();
  }

  @Test
  void converseGivesWhatTheSchemaSays() throws Exception {
    for (int i = 0; i < 5; i++) {
      JsonNode answer = converse("\"system\":[{\"text\":\"%d\"}],".formatted(i) + format(SCHEMA));

      assertThat(answer.path("stopReason").asText()).isEqualTo("end_turn");
      valid(answer.at("/output/message/content/0/text").asText());
    }
  }

  @Test
  void theAnswerComesAfterTheReasoning() throws Exception {
    text.format = text.format.withReasoning(ReasoningFormat.THINK);
    text.reasoningIsOpen = true;
    script = ByteText.bytes("{hm}</think>");

    JsonNode answer = converse(format(SCHEMA));

    assertThat(answer.at("/output/message/content/0/reasoningContent/reasoningText/text").asText())
        .isEqualTo("{hm}");
    valid(answer.at("/output/message/content/1/text").asText());
  }

  @Test
  void anAnswerThatIsCutOffSaysSo() throws Exception {
    JsonNode answer =
        converse(
            "\"inferenceConfig\":{\"maxTokens\":4},"
                + format("{\"type\":\"string\",\"minLength\":20}"));

    assertThat(answer.path("stopReason").asText()).isEqualTo("max_tokens");
    assertThat(answer.at("/output/message/content/0/text").asText()).hasSizeBetween(1, 4);
  }

  @Test
  void converseCallsToolsWhereItHasTo() throws Exception {
    for (String choice : List.of("\"any\":{}", "\"tool\":{\"name\":\"g\"}")) {
      JsonNode answer = converse(tools(false) + ",\"toolChoice\":{" + choice + "}}");

      assertThat(answer.path("stopReason").asText()).isEqualTo("tool_use");
      for (JsonNode block : answer.at("/output/message/content")) {
        JsonNode call = block.path("toolUse");
        assertThat(call.path("name").asText())
            .isIn(choice.contains("g") ? List.of("g") : List.of("f", "g"));
        valid(call.path("input").toString());
      }
    }
  }

  @Test
  void strictToolsAreCalledAsTheirSchemaSays() throws Exception {
    script = ByteText.bytes("I call <tool_call>");

    JsonNode answer = converse(tools(true) + "}");

    assertThat(answer.at("/output/message/content/0/text").asText()).startsWith("I call");
    JsonNode call = answer.at("/output/message/content/1/toolUse");
    valid(call.path("input").toString());
  }

  @Test
  void aFormForTheAnswerAndStrictToolsHoldTogether() throws Exception {
    String both = format(SCHEMA) + "," + tools(true);
    JsonNode forced = converse(both + ",\"toolChoice\":{\"any\":{}}}");
    valid(forced.at("/output/message/content/0/toolUse/input").toString());
    script = ByteText.bytes("{");
    valid(converse(both + "}").at("/output/message/content/0/text").asText());
    script = ByteText.bytes("<tool_call>");
    valid(converse(both + "}").at("/output/message/content/0/toolUse/input").toString());
  }

  @Test
  void refusesWhatCannotBeEnforced() throws Exception {
    assertThat(refused(format("{\"not\":{}}"))).contains("The schema at # has 'not'");
    assertThat(refused(format("{"))).contains("not valid JSON");
    assertThat(refused("\"outputConfig\":{\"textFormat\":{\"type\":\"xml\"}}"))
        .contains("outputConfig.textFormat.type must be one of");
    assertThat(refused(tools(true).replace("\"integer\"", "\"int\"") + "}"))
        .contains("has a 'type'");
    text.format = text.format.withTools(ToolFormat.NONE);
    assertThat(refused(tools(false) + ",\"toolChoice\":{\"any\":{}}}"))
        .contains("cannot be enforced");
  }

  @Test
  void schemasOfToolsThatAreNotStrictMayHaveAnyWords() throws Exception {
    String tools = tools(false).replace("\"minimum\":1", "\"not\":{}");

    JsonNode answer = converse(tools + ",\"toolChoice\":{\"any\":{}}}");

    assertThat(answer.path("stopReason").asText()).isEqualTo("tool_use");
    assertThat(answer.at("/output/message/content/0/toolUse/input").isObject()).isTrue();
  }

  @Test
  void chatCompletionsKeepToTheirFormat() throws Exception {
    valid(
        content(
            "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"x\",\"strict\":true,\"schema\":"
                + SCHEMA
                + "}}"));
    assertThat(
            mapper.readTree(content("\"response_format\":{\"type\":\"json_object\"}")).isObject())
        .isTrue();
    valid(content("\"guided_json\":" + SCHEMA));
    valid(content("\"structured_outputs\":{\"json\":" + mapper.writeValueAsString(SCHEMA) + "}"));
    assertThat(content("\"guided_choice\":[\"yes\",\"no\"]")).isIn("yes", "no");
    assertThat(content("\"structured_outputs\":{\"choice\":[\"yes\",\"no\"]}")).isIn("yes", "no");
    assertThat(content("\"guided_regex\":\"[a-f]{3}-[0-9]{2}\"")).matches("[a-f]{3}-[0-9]{2}");
    assertThat(content("\"structured_outputs\":{\"regex\":\"x{2}\"},\"n\":3")).isEqualTo("xx");
  }

  @Test
  void chatCompletionsCallToolsWhereTheyHaveTo() throws Exception {
    String tools = "\"tools\":[" + function("f") + "," + function("g") + "]";
    for (String choice :
        List.of("\"required\"", "{\"type\":\"function\",\"function\":{\"name\":\"g\"}}")) {
      JsonNode message = chat(tools + ",\"tool_choice\":" + choice).at("/choices/0/message");

      assertThat(message.path("tool_calls")).isNotEmpty();
      for (JsonNode call : message.path("tool_calls")) {
        assertThat(call.at("/function/name").asText())
            .isIn(choice.contains("g") ? List.of("g") : List.of("f", "g"));
        valid(call.at("/function/arguments").asText());
      }
    }
  }

  @Test
  void chatCompletionsKeepToTheirFormatBesideStrictTools() throws Exception {
    String both =
        "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"x\",\"schema\":%s}},\"tools\":[%s]"
            .formatted(SCHEMA, function("f").replace("\"name\"", "\"strict\":true,\"name\""));
    script = ByteText.bytes("{");
    valid(content(both));
    script = ByteText.bytes("<tool_call>");
    valid(chat(both).at("/choices/0/message/tool_calls/0/function/arguments").asText());
  }

  @Test
  void completionsAndResponsesKeepToTheirFormatToo() throws Exception {
    JsonNode completion =
        ok(
            "/v1/completions",
            "{\"model\":\"demo\",\"prompt\":\"x\",\"max_tokens\":99,\"guided_regex\":\"ab+c\"}");
    JsonNode response =
        ok(
            "/v1/responses",
            "{\"model\":\"demo\",\"input\":\"hi\",\"text\":{\"format\":{\"type\":\"json_schema\",\"name\":\"x\",\"schema\":"
                + SCHEMA
                + "}}}");

    assertThat(completion.at("/choices/0/text").asText()).matches("ab+c");
    valid(response.at("/output/0/content/0/text").asText());
    assertThat(response.at("/text/format/name").asText()).as("said again").isEqualTo("x");
  }

  @Test
  void nativeBodiesKeepToTheirFormat() throws Exception {
    valid(
        ok(
                INVOKE,
                messages(
                    "\"output_config\":{\"format\":{\"type\":\"json_schema\",\"schema\":%s}}"
                        .formatted(SCHEMA)))
            .at("/content/0/text")
            .asText());
    String prompt = "{\"prompt\":\"x\",\"max_gen_len\":99,\"response_format\":%s}";
    valid(
        ok(INVOKE, prompt.formatted("{\"type\":\"json_schema\",\"json_schema\":" + SCHEMA + "}"))
            .path("generation")
            .asText());
    script = ByteText.bytes("ok");
    String free = prompt.formatted("{\"type\":\"text\"}").replace("99", "2");
    assertThat(ok(INVOKE, free).path("generation").asText()).isEqualTo("ok");
  }

  @Test
  void messagesCallToolsWhereTheyHaveTo() throws Exception {
    String tool = "{\"name\":\"%s\",\"input_schema\":%s}";
    String tools =
        "\"tools\":[%s,%s]".formatted(tool.formatted("f", SCHEMA), tool.formatted("g", SCHEMA));
    for (String choice : List.of("{\"type\":\"any\"}", "{\"type\":\"tool\",\"name\":\"g\"}")) {
      JsonNode answer = ok(INVOKE, messages(tools + ",\"tool_choice\":" + choice));

      assertThat(answer.path("stop_reason").asText()).isEqualTo("tool_use");
      for (JsonNode block : answer.path("content")) {
        assertThat(block.path("name").asText())
            .isIn(choice.contains("g") ? List.of("g") : List.of("f", "g"));
        valid(block.path("input").toString());
      }
    }
  }

  @Test
  void strictToolsOfMessagesAreCalledAsTheirSchemaSays() throws Exception {
    script = ByteText.bytes("I call <tool_call>");

    JsonNode answer =
        ok(
            INVOKE,
            messages(
                "\"tools\":[{\"name\":\"f\",\"strict\":true,\"input_schema\":%s}]"
                    .formatted(SCHEMA)));

    valid(answer.at("/content/1/input").toString());
  }

  @Test
  void formatsThatExcludeEachOtherAreRefused() throws Exception {
    RawHttp.Response answer =
        RawHttp.post(
            server.port(),
            "/v1/chat/completions",
            "{\"model\":\"demo\"," + CHAT + ",\"guided_regex\":\"a\",\"guided_choice\":[\"b\"]}");

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.text()).contains("exclude each other");
  }

  private static String messages(String more) {
    return "{\"anthropic_version\":\"bedrock-2023-05-31\",\"max_tokens\":999,%s,%s}"
        .formatted(CHAT, more);
  }

  private static String function(String name) {
    return "{\"type\":\"function\",\"function\":{\"name\":\"%s\",\"parameters\":%s}}"
        .formatted(name, SCHEMA);
  }

  private static String tools(boolean strict) {
    String tool = "{\"toolSpec\":{\"name\":\"%s\",\"strict\":%s,\"inputSchema\":{\"json\":%s}}}";
    return "\"toolConfig\":{\"tools\":[%s,%s]"
        .formatted(tool.formatted("f", strict, SCHEMA), tool.formatted("g", strict, SCHEMA));
  }

  private String format(String schema) throws IOException {
    return "\"outputConfig\":{\"textFormat\":{\"type\":\"json_schema\",\"structure\":{\"jsonSchema\":{\"schema\":%s,\"name\":\"x\"}}}}"
        .formatted(mapper.writeValueAsString(schema));
  }

  private void valid(String json) throws IOException {
    JsonNode value = mapper.readTree(json);
    assertThat(value.path("n").asInt()).as(json).isBetween(1, 9);
    assertThat(value.path("s").asText()).as(json).isIn("a", "b");
    assertThat(value).hasSize(2);
  }

  private JsonNode converse(String more) throws IOException {
    return ok("/model/demo/converse", "{\"messages\":[" + USER + "]," + more + "}");
  }

  private String refused(String more) throws IOException {
    RawHttp.Response answer =
        RawHttp.post(
            server.port(), "/model/demo/converse", "{\"messages\":[" + USER + "]," + more + "}");
    assertThat(answer.status()).as(answer.text()).isEqualTo(400);
    return mapper.readTree(answer.text()).path("message").asText();
  }

  private JsonNode chat(String more) throws IOException {
    return ok("/v1/chat/completions", "{\"model\":\"demo\"," + CHAT + "," + more + "}");
  }

  private String content(String more) throws IOException {
    return chat(more).at("/choices/0/message/content").asText();
  }

  private JsonNode ok(String path, String body) throws IOException {
    RawHttp.Response answer = RawHttp.post(server.port(), path, body);
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return mapper.readTree(answer.text());
  }
}
