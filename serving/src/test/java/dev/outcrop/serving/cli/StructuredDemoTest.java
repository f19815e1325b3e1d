package dev.outcrop.serving.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.serving.config.ModelConfig;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import software.amazon.awssdk.core.document.Document;
import software.amazon.awssdk.services.bedrockruntime.model.ContentBlock;
import software.amazon.awssdk.services.bedrockruntime.model.ConversationRole;
import software.amazon.awssdk.services.bedrockruntime.model.ConverseResponse;
import software.amazon.awssdk.services.bedrockruntime.model.Message;
import software.amazon.awssdk.services.bedrockruntime.model.OutputFormatType;
import software.amazon.awssdk.services.bedrockruntime.model.StopReason;

/**
 * The AWS SDK asks the real demo model, in libtorch, for answers that have to look like something.
 */
@ParameterizedClass
@EnumSource(DemoServer.Engine.class)
final class StructuredDemoTest {
  private static final String SCHEMA =
      "{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\",\"minLength\":2,\"maxLength\":20},"
          + "\"rain\":{\"type\":\"boolean\"},\"degrees\":{\"type\":\"integer\",\"minimum\":-40,\"maximum\":50},"
          + "\"sky\":{\"enum\":[\"clear\",\"cloudy\"]}},\"required\":[\"city\",\"rain\",\"degrees\",\"sky\"],"
          + "\"additionalProperties\":false}";
  private static final ObjectMapper JSON = new ObjectMapper();
  private static DemoServer demo;

  @Parameter DemoServer.Engine engine;

  @BeforeParameterizedClassInvocation
  static void start(DemoServer.Engine engine) {
    demo = new DemoServer(engine, ModelConfig.Dtype.AUTO);
  }

  @AfterParameterizedClassInvocation
  static void stop() {
    demo.close();
  }

  private static Message user(String text) {
    return Message.builder()
        .role(ConversationRole.USER)
        .content(ContentBlock.fromText(text))
        .build();
  }

  private static CompletableFuture<ConverseResponse> ask(String question, float temperature) {
    return demo.async.converse(
        request ->
            request
                .modelId(DemoServer.MODEL)
                .messages(user(question))
                .inferenceConfig(i -> i.temperature(temperature).maxTokens(200))
                .outputConfig(
                    o ->
                        o.textFormat(
                            f ->
                                f.type(OutputFormatType.JSON_SCHEMA)
                                    .structure(
                                        s -> s.jsonSchema(j -> j.name("w").schema(SCHEMA))))));
  }

  @Test
  void answersFulfilTheSchemaWhateverIsAskedAndHoweverTokensAreChosen() throws Exception {
    List<CompletableFuture<ConverseResponse>> answers =
        List.of(
            ask("What is the weather in Oslo?", 0),
            ask("Tell me a story.", 0),
            ask("Count from 1 to 20.", 1),
            ask("What is the weather in Rome?", 1));
    for (CompletableFuture<ConverseResponse> answer : answers) {
      ConverseResponse response = answer.get();
      assertThat(response.stopReason()).isEqualTo(StopReason.END_TURN);
      JsonNode value = JSON.readTree(response.output().message().content().getFirst().text());
      assertThat(value).hasSize(4);
      String city = value.path("city").textValue();
      assertThat(city.codePointCount(0, city.length())).isBetween(2, 20);
      assertThat(value.path("rain").isBoolean()).isTrue();
      assertThat(value.path("degrees").intValue()).isBetween(-40, 50);
      assertThat(value.path("sky").textValue()).isIn("clear", "cloudy");
    }
  }

  @Test
  void aToolIsCalledWhereItHasToBe() throws Exception {
    ConverseResponse response =
        demo.async
            .converse(
                request ->
                    request
                        .modelId(DemoServer.MODEL)
                        .messages(user("Tell me a story."))
                        .inferenceConfig(i -> i.temperature(0f).maxTokens(300))
                        .toolConfig(
                            t ->
                                t.tools(
                                        tool ->
                                            tool.toolSpec(
                                                s ->
                                                    s.name("look")
                                                        .inputSchema(
                                                            i ->
                                                                i.json(
                                                                    Document.mapBuilder()
                                                                        .putString("type", "object")
                                                                        .putMap(
                                                                            "properties",
                                                                            p ->
                                                                                p.putMap(
                                                                                    "at",
                                                                                    a ->
                                                                                        a.putString(
                                                                                                "type",
                                                                                                "string")
                                                                                            .putNumber(
                                                                                                "maxLength",
                                                                                                12)))
                                                                        .putList(
                                                                            "required",
                                                                            r -> r.addString("at"))
                                                                        .build()))))
                                    .toolChoice(c -> c.tool(n -> n.name("look")))))
            .get();

    assertThat(response.stopReason()).isEqualTo(StopReason.TOOL_USE);
    assertThat(response.output().message().content().getFirst().toolUse().name()).isEqualTo("look");
    assertThat(
            response
                .output()
                .message()
                .content()
                .getFirst()
                .toolUse()
                .input()
                .asMap()
                .get("at")
                .asString()
                .length())
        .isLessThanOrEqualTo(12);
  }
}
