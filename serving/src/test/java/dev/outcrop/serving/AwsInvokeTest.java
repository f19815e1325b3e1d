package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.serving.testing.SdkClients;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeAsyncClient;
import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeClient;
import software.amazon.awssdk.services.bedrockruntime.model.InvokeModelResponse;
import software.amazon.awssdk.services.bedrockruntime.model.InvokeModelWithResponseStreamResponseHandler;
import software.amazon.awssdk.services.bedrockruntime.model.ValidationException;

/** Every native body with the real AWS SDK: whole over HTTP/1.1, streamed over HTTP/2. */
final class AwsInvokeTest {
  private static final String TEXT = "Hello, wörld! 😀";
  private static final String MESSAGES = "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]";
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static BedrockRuntimeClient sync;
  private static BedrockRuntimeAsyncClient async;
  private static TestServer server;

  @BeforeAll
  static void start() {
    server = new TestServer(request -> TEXT);
    sync = SdkClients.sync(server.endpoint());
    async = SdkClients.async(server.endpoint());
  }

  @AfterAll
  static void stop() {
    sync.close();
    async.close();
    server.close();
  }

  /** Model, body, where the text is in the answer, and where in a chunk. */
  static Stream<Arguments> bodies() {
    String prompt = "{\"prompt\":\"hello\"}";
    String imported = "arn:aws:bedrock:us-east-1:123456789012:imported-model/demo";
    return Stream.of(
        Arguments.of(TestServer.MODEL, prompt, "/generation", "/generation"),
        Arguments.of(imported, prompt, "/generation", "/generation"),
        Arguments.of(TestServer.MISTRAL_TEXT, prompt, "/outputs/0/text", "/outputs/0/text"),
        Arguments.of(TestServer.DEEPSEEK, prompt, "/choices/0/text", "/choices/0/text"),
        Arguments.of(
            imported,
            "{\"prompt\":\"hello\",\"max_tokens\":99}",
            "/choices/0/text",
            "/choices/0/text"),
        Arguments.of("demo", "{\"inputText\":\"hi\"}", "/results/0/outputText", "/outputText"),
        Arguments.of(
            TestServer.MISTRAL_CHAT,
            "{" + MESSAGES + "}",
            "/choices/0/message/content",
            "/choices/0/message/content"),
        Arguments.of(
            TestServer.GPT_OSS,
            "{" + MESSAGES + "}",
            "/choices/0/message/content",
            "/choices/0/delta/content"),
        Arguments.of(
            imported,
            "{" + MESSAGES + "}",
            "/choices/0/message/content",
            "/choices/0/delta/content"),
        Arguments.of(
            TestServer.CLAUDE,
            "{\"anthropic_version\":\"bedrock-2023-05-31\",\"max_tokens\":99," + MESSAGES + "}",
            "/content/0/text",
            "/delta/text"));
  }

  @ParameterizedTest
  @MethodSource("bodies")
  void invokesAndStreams(String model, String body, String text, String delta) throws IOException {
    InvokeModelResponse response =
        sync.invokeModel(c -> c.modelId(model).body(SdkBytes.fromUtf8String(body)));
    List<JsonNode> chunks = stream(model, body);

    assertThat(response.contentType()).isEqualTo("application/json");
    assertThat(json(response.body()).at(text).textValue()).isEqualTo(TEXT);
    JsonNode metrics = chunks.getLast().get("amazon-bedrock-invocationMetrics");
    assertThat(header(response, "X-Amzn-Bedrock-Input-Token-Count"))
        .isEqualTo(metrics.get("inputTokenCount").asText());
    assertThat(header(response, "X-Amzn-Bedrock-Output-Token-Count"))
        .isEqualTo(metrics.get("outputTokenCount").asText())
        .isEqualTo("20");
    assertThat(header(response, "X-Amzn-Bedrock-Invocation-Latency")).matches("\\d+");
    StringBuilder streamed = new StringBuilder();
    chunks.forEach(chunk -> streamed.append(chunk.at(delta).asText("")));
    assertThat(streamed.toString()).isEqualTo(TEXT);
    assertThat(chunks.stream().filter(chunk -> chunk.has("amazon-bedrock-invocationMetrics")))
        .hasSize(1);
    assertThat(server.batcher.open()).isZero();
  }

  @Test
  void refusesABodyOfAnotherForm() {
    assertThatThrownBy(
            () ->
                sync.invokeModel(
                    c -> c.modelId("demo").body(SdkBytes.fromUtf8String("{\"text\":\"hi\"}"))))
        .isInstanceOf(ValidationException.class)
        .hasMessageContaining("Malformed input request: #: required key");
  }

  private static List<JsonNode> stream(String model, String body) throws IOException {
    List<SdkBytes> chunks = Collections.synchronizedList(new ArrayList<>());
    async
        .invokeModelWithResponseStream(
            c -> c.modelId(model).body(SdkBytes.fromUtf8String(body)),
            InvokeModelWithResponseStreamResponseHandler.builder()
                .subscriber(
                    InvokeModelWithResponseStreamResponseHandler.Visitor.builder()
                        .onChunk(chunk -> chunks.add(chunk.bytes()))
                        .build())
                .build())
        .orTimeout(60, TimeUnit.SECONDS)
        .join();
    List<JsonNode> read = new ArrayList<>();
    for (SdkBytes chunk : chunks) {
      read.add(json(chunk));
    }
    return read;
  }

  private static JsonNode json(SdkBytes bytes) throws IOException {
    return MAPPER.readTree(bytes.asByteArray());
  }

  private static String header(InvokeModelResponse response, String name) {
    return response.sdkHttpResponse().firstMatchingHeader(name).orElseThrow();
  }
}
