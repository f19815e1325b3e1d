package dev.outcrop.serving.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.serving.cli.ConformanceServer.Client;
import dev.outcrop.serving.testing.Await;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.document.Document;
import software.amazon.awssdk.services.bedrockruntime.model.AccessDeniedException;
import software.amazon.awssdk.services.bedrockruntime.model.ContentBlock;
import software.amazon.awssdk.services.bedrockruntime.model.ConversationRole;
import software.amazon.awssdk.services.bedrockruntime.model.ConverseResponse;
import software.amazon.awssdk.services.bedrockruntime.model.ConverseStreamOutput;
import software.amazon.awssdk.services.bedrockruntime.model.ConverseStreamResponseHandler;
import software.amazon.awssdk.services.bedrockruntime.model.Message;
import software.amazon.awssdk.services.bedrockruntime.model.OutputFormatStructure;
import software.amazon.awssdk.services.bedrockruntime.model.OutputFormatType;
import software.amazon.awssdk.services.bedrockruntime.model.StopReason;
import software.amazon.awssdk.services.bedrockruntime.model.SystemContentBlock;
import software.amazon.awssdk.services.bedrockruntime.model.ThrottlingException;
import software.amazon.awssdk.services.bedrockruntime.model.Tool;
import software.amazon.awssdk.services.bedrockruntime.model.ToolConfiguration;
import software.amazon.awssdk.services.bedrockruntime.model.ToolInputSchema;
import software.amazon.awssdk.services.bedrockruntime.model.ToolResultContentBlock;
import software.amazon.awssdk.services.bedrockruntime.model.ToolUseBlock;
import software.amazon.awssdk.services.bedrockruntime.model.ValidationException;

/**
 * The scenarios that clients of every language go through (src/test/clients), by the AWS SDK for
 * Java: its sync client over HTTP/1.1 and its async client over cleartext HTTP/2. The sync client
 * has no streams.
 */
final class ConformanceTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String QUESTION = "What is 17 plus 25?";
  private static final String LONG = "Count from 1 to 200.";
  private static final int STREAMS = 32;

  @TempDir private static Path folder;
  private static ConformanceServer server;

  @BeforeAll
  static void start() throws Exception {
    server = ConformanceServer.start(folder);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  static Stream<Client> clients() {
    return Stream.of(server.sync(), server.async());
  }

  private static Message user(String text) {
    return Message.builder()
        .role(ConversationRole.USER)
        .content(ContentBlock.fromText(text))
        .build();
  }

  private static ConverseResponse ask(Client client, String model) {
    return client.converse(r -> r.modelId(model).messages(user(QUESTION)));
  }

  private static String text(ConverseResponse answer) {
    return answer.output().message().content().getFirst().text();
  }

  private static String count(int first, int last) {
    return IntStream.rangeClosed(first, last)
        .mapToObj(Integer::toString)
        .collect(Collectors.joining(", "));
  }

  /** What a call throws, out of the wrapping of futures. */
  private static ThrowingCallable unwrapped(ThrowingCallable call) {
    return () -> {
      try {
        call.call();
      } catch (CompletionException e) {
        throw e.getCause();
      }
    };
  }

  @ParameterizedTest
  @MethodSource("clients")
  void chats(Client client) {
    ConverseResponse answer =
        client.converse(
            r ->
                r.modelId(ConformanceServer.MODEL)
                    .system(SystemContentBlock.fromText("Be brief."))
                    .messages(user(QUESTION))
                    .inferenceConfig(i -> i.maxTokens(50)));

    assertThat(text(answer)).contains("42");
    assertThat(answer.stopReason()).isEqualTo(StopReason.END_TURN);
    assertThat(answer.usage().totalTokens())
        .isEqualTo(answer.usage().inputTokens() + answer.usage().outputTokens());
    assertThat(answer.usage().outputTokens()).isPositive();
    assertThat(answer.metrics().latencyMs()).isNotNegative();
  }

  @ParameterizedTest
  @MethodSource("clients")
  void takesTheResultOfAToolThatWasCalled(Client client) {
    Document schema =
        Document.mapBuilder()
            .putString("type", "object")
            .putDocument(
                "properties",
                Document.mapBuilder()
                    .putDocument("city", Document.mapBuilder().putString("type", "string").build())
                    .build())
            .putList("required", List.of(Document.fromString("city")))
            .build();
    ToolConfiguration tools =
        ToolConfiguration.builder()
            .tools(
                Tool.fromToolSpec(
                    s ->
                        s.name("get_weather")
                            .description("Get the weather of a city")
                            .inputSchema(ToolInputSchema.fromJson(schema))))
            .build();
    Message question = user("What is the weather in Paris?");
    ConverseResponse called =
        client.converse(
            r -> r.modelId(ConformanceServer.MODEL).messages(question).toolConfig(tools));
    assertThat(called.stopReason()).isEqualTo(StopReason.TOOL_USE);
    ToolUseBlock use = called.output().message().content().getLast().toolUse();
    assertThat(use.name()).isEqualTo("get_weather");
    assertThat(use.input().asMap().get("city").asString()).isEqualTo("Paris");

    Message result =
        Message.builder()
            .role(ConversationRole.USER)
            .content(
                ContentBlock.fromToolResult(
                    b ->
                        b.toolUseId(use.toolUseId())
                            .content(ToolResultContentBlock.fromText("{\"temperature\": 21}"))))
            .build();
    ConverseResponse answer =
        client.converse(
            r ->
                r.modelId(ConformanceServer.MODEL)
                    .messages(question, called.output().message(), result)
                    .toolConfig(tools));
    assertThat(answer.stopReason()).isEqualTo(StopReason.END_TURN);
    assertThat(text(answer)).contains("temperature").contains("21");
  }

  @ParameterizedTest
  @MethodSource("clients")
  void answersWithJsonOfASchema(Client client) throws Exception {
    String schema =
        """
        {"type": "object", "required": ["city", "visited"], "additionalProperties": false,
         "properties": {"city": {"type": "string"}, "visited": {"type": "boolean"}}}""";
    ConverseResponse answer =
        client.converse(
            r ->
                r.modelId(ConformanceServer.MODEL)
                    .messages(user("Give me a city as JSON."))
                    .outputConfig(
                        o ->
                            o.textFormat(
                                t ->
                                    t.type(OutputFormatType.JSON_SCHEMA)
                                        .structure(
                                            OutputFormatStructure.fromJsonSchema(
                                                j -> j.name("city").schema(schema))))));

    JsonNode city = JSON.readTree(text(answer));
    assertThat(city.get("city").isTextual() && city.get("visited").isBoolean()).isTrue();
    assertThat(city).hasSize(2);
  }

  @ParameterizedTest
  @MethodSource("clients")
  void embeds(Client client) throws Exception {
    JsonNode vector =
        JSON.readTree(
                client
                    .invoke(
                        r ->
                            r.modelId(ConformanceServer.EMBEDDER)
                                .body(
                                    SdkBytes.fromUtf8String(
                                        "{\"inputText\":\"Bedrock comes to the surface.\"}")))
                    .body()
                    .asUtf8String())
            .get("embedding");

    assertThat(vector).hasSize(32);
    double square = 0;
    for (JsonNode number : vector) {
      square += number.doubleValue() * number.doubleValue();
    }
    assertThat(square).isCloseTo(1, within(1e-3));
  }

  @ParameterizedTest
  @MethodSource("clients")
  void countsTokens(Client client) {
    int counted =
        client
            .countTokens(
                r ->
                    r.modelId(ConformanceServer.MODEL)
                        .input(i -> i.converse(c -> c.messages(user(QUESTION)))))
            .inputTokens();

    assertThat(counted)
        .isPositive()
        .isEqualTo(ask(client, ConformanceServer.MODEL).usage().inputTokens());
  }

  @ParameterizedTest
  @MethodSource("clients")
  void throwsWhatBedrockThrows(Client client) {
    assertThatThrownBy(
            unwrapped(
                () ->
                    client.converse(
                        r ->
                            r.modelId(ConformanceServer.MODEL)
                                .messages(user(QUESTION))
                                .inferenceConfig(i -> i.maxTokens(1_000_000)))))
        .isInstanceOf(ValidationException.class)
        .hasMessageContaining("1000000");
    assertThatThrownBy(unwrapped(() -> ask(client, "meta.unknown-v1:0")))
        .isInstanceOf(ValidationException.class)
        .hasMessageContaining("The provided model identifier is invalid.");
    assertThatThrownBy(unwrapped(() -> ask(client.denied(), ConformanceServer.MODEL)))
        .isInstanceOf(AccessDeniedException.class);
  }

  @ParameterizedTest
  @MethodSource("clients")
  void throttles(Client client) throws Exception {
    CompletableFuture<Void> first = stream(ConformanceServer.SINGLE, LONG, event -> {});
    try {
      Await.until(() -> server.running(ConformanceServer.SINGLE) == 1);
      assertThatThrownBy(unwrapped(() -> ask(client, ConformanceServer.SINGLE)))
          .isInstanceOf(ThrottlingException.class);
    } finally {
      first.cancel(true);
    }
    Await.until(() -> server.running(ConformanceServer.SINGLE) == 0);
  }

  /** Takes an event on the client's thread. */
  private interface Taker {
    void take(ConverseStreamOutput event);
  }

  private static CompletableFuture<Void> stream(String model, String text, Taker taker) {
    return server
        .async()
        .client()
        .converseStream(
            r -> r.modelId(model).messages(user(text)).inferenceConfig(i -> i.temperature(0f)),
            ConverseStreamResponseHandler.builder().subscriber(taker::take).build());
  }

  private static CompletableFuture<String> streamed(String text) {
    StringBuilder all = new StringBuilder();
    return stream(
            ConformanceServer.MODEL,
            text,
            event ->
                event.accept(
                    ConverseStreamResponseHandler.Visitor.builder()
                        .onContentBlockDelta(delta -> all.append(delta.delta().text()))
                        .build()))
        .thenApply(_ -> all.toString());
  }

  @Test
  void streams() throws Exception {
    List<String> kinds = new ArrayList<>();
    stream(
            ConformanceServer.MODEL,
            "Count from 1 to 20.",
            event -> kinds.add(event.sdkEventType().name()))
        .get(1, TimeUnit.MINUTES);

    assertThat(kinds).startsWith("MESSAGE_START").endsWith("MESSAGE_STOP", "METADATA");
    assertThat(streamed("Count from 1 to 20.").get(1, TimeUnit.MINUTES)).isEqualTo(count(1, 20));
  }

  @Test
  void streamsToManyAtOnce() throws Exception {
    List<CompletableFuture<String>> all = new ArrayList<>();
    for (int i = 0; i < STREAMS; i++) {
      all.add(streamed("Count from %d to %d.".formatted(3 + i, 28 + i)));
    }
    for (int i = 0; i < STREAMS; i++) {
      assertThat(all.get(i).get(2, TimeUnit.MINUTES)).isEqualTo(count(3 + i, 28 + i));
    }
  }

  @Test
  void freesTheKvOfAStreamThatIsGivenUp() throws Exception {
    AtomicInteger events = new AtomicInteger();
    CompletableFuture<Void> stream =
        stream(ConformanceServer.MODEL, LONG, _ -> events.incrementAndGet());
    Await.until(() -> events.get() >= 3);
    assertThat(server.running(ConformanceServer.MODEL)).isEqualTo(1);
    stream.cancel(true);

    Await.until(() -> server.running(ConformanceServer.MODEL) == 0);
    assertThat(server.kvReferenced(ConformanceServer.MODEL)).isZero();
    assertThat(events.get()).isLessThan(200);
  }
}
