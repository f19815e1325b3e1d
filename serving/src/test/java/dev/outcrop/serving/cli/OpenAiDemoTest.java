package dev.outcrop.serving.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.config.ModelConfig;
import dev.outcrop.serving.testing.RawHttp;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The OpenAI surface on the real demo model in libtorch. */
@ParameterizedClass
@EnumSource(DemoServer.Engine.class)
final class OpenAiDemoTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern HITS =
      Pattern.compile("outcrop_prefix_cache_tokens_total\\{[^}]*result=\"hit\",?} ([0-9.E]+)");
  private static DemoServer demo;

  @Parameter DemoServer.Engine engine;

  @BeforeParameterizedClassInvocation
  static void start(DemoServer.Engine engine) {
    demo = new DemoServer(engine, ModelConfig.Dtype.FLOAT32);
  }

  @AfterParameterizedClassInvocation
  static void stop() {
    demo.close();
  }

  @Test
  void choicesOfOnePromptShareItsKv() throws IOException {
    String question = "What is 17 plus 25? ".repeat(40);
    double before = hits();

    JsonNode body = chat(question, 1.5, "\"n\":4,\"seed\":1,\"max_tokens\":12");

    int prompt = body.at("/usage/prompt_tokens").intValue();
    assertThat(prompt).isGreaterThan(300);
    double shared = hits() - before;
    switch (engine) {
      case CHECKPOINT -> assertThat(shared).isBetween(3 * (prompt - 64.0), 3.0 * prompt);
      case BUNDLE -> assertThat(shared).as("slots share nothing").isZero();
    }
    assertThat(body.at("/usage/completion_tokens").intValue()).isBetween(4, 48);
  }

  @Test
  void choicesDifferAndAreTheSameAgainForTheSameSeed() throws IOException {
    String more = "\"n\":3,\"seed\":3,\"max_tokens\":8";

    JsonNode choices = chat("Say something.", 1.5, more).get("choices");

    assertThat(chat("Say something.", 1.5, more).get("choices")).isEqualTo(choices);
    assertThat(choices.findValuesAsText("content").stream().distinct().count())
        .as("choices that differ")
        .isGreaterThan(1);
  }

  @Test
  void logProbabilitiesAreThoseOfTheTokensAndTheirAlternatives() throws IOException {
    JsonNode body =
        chat("What is the capital of France?", 0, "\"logprobs\":true,\"top_logprobs\":3");

    String text = body.at("/choices/0/message/content").textValue();
    StringBuilder joined = new StringBuilder();
    for (JsonNode token : body.at("/choices/0/logprobs/content")) {
      joined.append(token.get("token").textValue());
      assertThat(token.get("logprob").doubleValue()).isLessThanOrEqualTo(1e-4);
      assertThat(token.at("/top_logprobs")).hasSize(3);
      assertThat(token.at("/top_logprobs/0/token")).as("greedy").isEqualTo(token.get("token"));
      assertThat(token.at("/top_logprobs/0/logprob").doubleValue())
          .isGreaterThanOrEqualTo(token.at("/top_logprobs/1/logprob").doubleValue());
    }
    assertThat(text).contains("Paris");
    assertThat(joined.toString()).isEqualTo(text);
  }

  @Test
  void callsAToolAndAnswersWithItsResult() throws IOException {
    String tools =
        """
        "temperature":0,"tools":[{"type":"function","name":"get_weather",
        "description":"Get the weather of a city","parameters":{"type":"object",
        "properties":{"city":{"type":"string"}},"required":["city"]}}]
        """;
    JsonNode first =
        post(
            "/v1/responses",
            "{\"model\":\"%s\",\"input\":\"What is the weather in Paris?\",%s}"
                .formatted(DemoServer.MODEL, tools));
    JsonNode call = first.at("/output/0");
    assertThat(call.get("type").textValue()).isEqualTo("function_call");
    assertThat(JSON.readTree(call.get("arguments").textValue()).toString())
        .isEqualTo("{\"city\":\"Paris\"}");

    ObjectNode result =
        JSON.createObjectNode()
            .put("type", "function_call_output")
            .put("output", "18 degrees")
            .set("call_id", call.get("call_id"));
    JsonNode second =
        post(
            "/v1/responses",
            "{\"model\":\"%s\",\"input\":[{\"role\":\"user\",\"content\":\"What is the weather in Paris?\"},%s,%s],%s}"
                .formatted(DemoServer.MODEL, call, result, tools));

    assertThat(second.at("/output/0/content/0/text").textValue()).contains("18 degrees");
  }

  @Test
  void streamsTheWordsThatAWholeAnswerHas() throws IOException {
    String question = "\"messages\":[{\"role\":\"user\",\"content\":\"Count from 1 to 20.\"}]";
    String body = "{\"model\":\"%s\",\"temperature\":0,%s".formatted(DemoServer.MODEL, question);

    String whole =
        post("/v1/chat/completions", body + "}").at("/choices/0/message/content").asText();
    RawHttp.Response stream =
        RawHttp.post(demo.server.port(), "/v1/chat/completions", body + ",\"stream\":true}");
    List<String> texts = new ArrayList<>();
    for (String event : stream.text().split("\n\n")) {
      if (!event.equals("data: [DONE]")) {
        texts.add(JSON.readTree(event.substring(6)).at("/choices/0/delta/content").asText(""));
      }
    }

    assertThat(whole).endsWith("19, 20");
    assertThat(String.join("", texts)).isEqualTo(whole);
    assertThat(texts).as("token by token").hasSizeGreaterThan(20);
  }

  private static JsonNode chat(String question, double temperature, String more)
      throws IOException {
    return post(
        "/v1/chat/completions",
        "{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}],\"temperature\":%s,%s}"
            .formatted(DemoServer.MODEL, question, temperature, more));
  }

  private static JsonNode post(String path, String body) throws IOException {
    RawHttp.Response response = RawHttp.post(demo.server.port(), path, body);
    assertThat(response.status()).as(response.text()).isEqualTo(200);
    return JSON.readTree(response.body());
  }

  private static double hits() throws IOException {
    URI page = URI.create("http://127.0.0.1:%d/metrics".formatted(demo.server.managementPort()));
    try (InputStream in = page.toURL().openStream()) {
      Matcher hits = HITS.matcher(new String(in.readAllBytes(), StandardCharsets.UTF_8));
      return hits.find() ? Double.parseDouble(hits.group(1)) : 0;
    }
  }
}
