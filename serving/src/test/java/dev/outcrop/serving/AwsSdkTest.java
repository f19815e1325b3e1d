package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.batching.SubmitResult;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.testing.Await;
import dev.outcrop.serving.testing.ScriptedBatcher;
import dev.outcrop.serving.testing.SdkClients;
import dev.outcrop.serving.testing.TestServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeAsyncClient;
import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeClient;
import software.amazon.awssdk.services.bedrockruntime.model.BedrockRuntimeException;
import software.amazon.awssdk.services.bedrockruntime.model.ContentBlock;
import software.amazon.awssdk.services.bedrockruntime.model.ConversationRole;
import software.amazon.awssdk.services.bedrockruntime.model.ConverseResponse;
import software.amazon.awssdk.services.bedrockruntime.model.ConverseStreamOutput;
import software.amazon.awssdk.services.bedrockruntime.model.ConverseStreamResponseHandler;
import software.amazon.awssdk.services.bedrockruntime.model.InternalServerException;
import software.amazon.awssdk.services.bedrockruntime.model.Message;
import software.amazon.awssdk.services.bedrockruntime.model.ModelStreamErrorException;
import software.amazon.awssdk.services.bedrockruntime.model.ResourceNotFoundException;
import software.amazon.awssdk.services.bedrockruntime.model.ServiceUnavailableException;
import software.amazon.awssdk.services.bedrockruntime.model.StopReason;
import software.amazon.awssdk.services.bedrockruntime.model.SystemContentBlock;
import software.amazon.awssdk.services.bedrockruntime.model.ThrottlingException;
import software.amazon.awssdk.services.bedrockruntime.model.ValidationException;

/** The real AWS SDK, its sync client over HTTP/1.1 and its async client over cleartext HTTP/2. */
final class AwsSdkTest {
  private static final String UNKNOWN =
      "arn:aws:bedrock:us-east-1:123456789012:imported-model/abcdefghij12";
  private static BedrockRuntimeClient sync;
  private static BedrockRuntimeAsyncClient async;
  private static TestServer server;

  @BeforeAll
  static void start() {
    server = new TestServer(request -> "Hello, wörld! 😀");
    sync = SdkClients.sync(server.endpoint());
    async = SdkClients.async(server.endpoint());
  }

  @AfterAll
  static void stop() {
    sync.close();
    async.close();
    server.close();
  }

  @BeforeEach
  @AfterEach
  void reset() {
    server.batcher.refusal = null;
    server.batcher.failure = null;
    server.batcher.fault = null;
    server.batcher.hold = false;
    server.batcher.streams.clear();
  }

  @Test
  void conversesOverHttp1() {
    ConverseResponse response =
        sync.converse(
            c ->
                c.modelId(TestServer.MODEL)
                    .messages(user("hi"))
                    .system(SystemContentBlock.fromText("be brief"))
                    .inferenceConfig(i -> i.maxTokens(100).temperature(0.0f)));

    assertThat(response.output().message().content().getFirst().text())
        .isEqualTo("Hello, wörld! 😀");
    assertThat(response.output().message().role()).isEqualTo(ConversationRole.ASSISTANT);
    assertThat(response.stopReason()).isEqualTo(StopReason.END_TURN);
    assertThat(response.usage().inputTokens())
        .isEqualTo("system: be brief\nuser: hi\nassistant: ".length());
    assertThat(response.usage().totalTokens())
        .isEqualTo(response.usage().inputTokens() + response.usage().outputTokens());
    assertThat(response.metrics().latencyMs()).isNotNegative();
    assertThat(response.responseMetadata().requestId()).hasSize(36);
    assertThat(server.text.lastPrompt).isEqualTo("system: be brief\nuser: hi\nassistant: ");
    assertThat(server.batcher.open()).isZero();
  }

  @Test
  void conversesOverHttp2() {
    ConverseResponse response =
        async.converse(c -> c.modelId(TestServer.MODEL).messages(user("hi"))).join();

    assertThat(response.output().message().content().getFirst().text())
        .isEqualTo("Hello, wörld! 😀");
  }

  @Test
  void streamsOverHttp2() {
    Streamed streamed = stream(TestServer.MODEL, "hi");

    assertThat(streamed.text()).isEqualTo("Hello, wörld! 😀");
    assertThat(streamed.kinds())
        .startsWith("MESSAGE_START", "CONTENT_BLOCK_DELTA")
        .endsWith("CONTENT_BLOCK_DELTA", "CONTENT_BLOCK_STOP", "MESSAGE_STOP", "METADATA");
    assertThat(streamed.stopReason).isEqualTo(StopReason.END_TURN);
    assertThat(streamed.outputTokens).isPositive();
  }

  @Test
  void streamsToManyClientsAtOnce() {
    List<CompletableFuture<Streamed>> all = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      all.add(CompletableFuture.supplyAsync(() -> stream("demo", "hi")));
    }
    for (CompletableFuture<Streamed> one : all) {
      assertThat(one.join().text()).isEqualTo("Hello, wörld! 😀");
    }
    assertThat(server.batcher.open()).isZero();
  }

  @Test
  void mapsErrorsToTypedExceptions() {
    assertThatThrownBy(() -> sync.converse(c -> c.modelId("does-not-exist").messages(user("hi"))))
        .isInstanceOfSatisfying(
            ValidationException.class,
            e -> {
              assertThat(e.statusCode()).isEqualTo(400);
              assertThat(e.awsErrorDetails().errorMessage())
                  .isEqualTo("The provided model identifier is invalid.");
              assertThat(e.requestId()).hasSize(36);
            });
    assertThatThrownBy(() -> sync.converse(c -> c.modelId(UNKNOWN).messages(user("hi"))))
        .isInstanceOf(ResourceNotFoundException.class);
    server.batcher.refusal =
        new SubmitResult.Rejected(
            SubmitResult.Reason.OVERLOADED, "the queue is full", Duration.ofSeconds(3));
    assertThatThrownBy(() -> sync.converse(c -> c.modelId("demo").messages(user("hi"))))
        .isInstanceOfSatisfying(
            ThrottlingException.class,
            e ->
                assertThat(e.awsErrorDetails().sdkHttpResponse().firstMatchingHeader("Retry-After"))
                    .contains("3"));
    server.batcher.refusal =
        new SubmitResult.Rejected(
            SubmitResult.Reason.UNAVAILABLE, "the engine is dead", Duration.ZERO);
    assertThatThrownBy(() -> sync.converse(c -> c.modelId("demo").messages(user("hi"))))
        .isInstanceOf(ServiceUnavailableException.class);
    server.batcher.refusal =
        new SubmitResult.Rejected(
            SubmitResult.Reason.NEVER_FITS,
            "300 prompt tokens exceed the context of 128 tokens",
            Duration.ZERO);
    assertThatThrownBy(() -> async.converse(c -> c.modelId("demo").messages(user("hi"))).join())
        .hasCauseInstanceOf(ValidationException.class)
        .hasMessageContaining("Input is too long for requested model. 300 prompt tokens");
    server.batcher.refusal =
        new SubmitResult.Rejected(
            SubmitResult.Reason.COMPLETION_NEVER_FITS, "128 of 128", Duration.ZERO);
    assertThatThrownBy(() -> sync.converse(c -> c.modelId("demo").messages(user("hi"))))
        .isInstanceOf(ValidationException.class)
        .hasMessageContaining("The maximum tokens you requested exceeds the model limit.")
        .hasMessageContaining("128 of 128");
  }

  @Test
  void failsWithStatusBeforeTheFirstToken() {
    server.batcher.failure = new OutcropException(ModelError.STEP_FAILED, "broken");
    server.batcher.failAfter = 0;

    assertThatThrownBy(() -> stream("demo", "hi"))
        .hasCauseInstanceOf(BedrockRuntimeException.class)
        .hasMessageContaining("Status Code: 500");
  }

  @Test
  void failsWithFrameAfterTheFirstToken() {
    server.batcher.failure = new OutcropException(ModelError.STEP_FAILED, "broken");
    server.batcher.failAfter = 3;

    assertThatThrownBy(() -> stream("demo", "hi"))
        .hasCauseInstanceOf(ModelStreamErrorException.class);
    assertThat(server.batcher.open()).isZero();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void failsWhenTheServerFailsBetweenTokens(boolean interrupted) throws Exception {
    server.batcher.fault =
        () -> {
          if (interrupted) {
            throw new InterruptedException();
          }
          throw new StackOverflowError();
        };
    assertThatThrownBy(cutAfterSomeText(new Streamed())::join)
        .hasCauseInstanceOf(
            interrupted ? ServiceUnavailableException.class : InternalServerException.class);
    assertThat(server.batcher.open()).isZero();
  }

  @Test
  void endsWithoutMessageStopWhenTheStreamIsReset() throws Exception {
    server.batcher.fault =
        () -> {
          throw new OutcropException(ServingError.CLIENT_GONE, "as if it were");
        };
    Streamed streamed = new Streamed();
    CompletableFuture<Void> stream = cutAfterSomeText(streamed);
    // The client of today calls the stream complete; only the events tell.
    assertThat(stream.handle((done, failure) -> streamed.stopReason).join()).isNull();
    assertThat(streamed.text()).startsWith("He");
    assertThat(streamed.kinds()).doesNotContain("MESSAGE_STOP", "METADATA");
  }

  /** A stream that meets {@link ScriptedBatcher#fault} when the client has some of its text. */
  private static CompletableFuture<Void> cutAfterSomeText(Streamed streamed) throws Exception {
    server.batcher.failAfter = 3;
    server.batcher.hold = true;
    CompletableFuture<Void> stream = begin("demo", "hi", streamed);
    Await.until(() -> server.batcher.open() == 1);
    server.batcher.streams.getFirst().release(2);
    Await.until(() -> streamed.text().startsWith("He"));
    server.batcher.streams.getFirst().release(2);
    return stream;
  }

  private static Message user(String text) {
    return Message.builder()
        .role(ConversationRole.USER)
        .content(ContentBlock.fromText(text))
        .build();
  }

  private static Streamed stream(String model, String text) {
    Streamed streamed = new Streamed();
    begin(model, text, streamed).join();
    return streamed;
  }

  private static CompletableFuture<Void> begin(String model, String text, Streamed streamed) {
    return async
        .converseStream(
            c -> c.modelId(model).messages(user(text)),
            ConverseStreamResponseHandler.builder()
                .onEventStream(publisher -> publisher.subscribe(streamed::add))
                .build())
        .orTimeout(120, TimeUnit.SECONDS);
  }

  private static final class Streamed {
    private final List<String> texts = Collections.synchronizedList(new ArrayList<>());
    private final List<ConverseStreamOutput> events =
        Collections.synchronizedList(new ArrayList<>());
    private volatile StopReason stopReason;
    private volatile int outputTokens;

    void add(ConverseStreamOutput event) {
      events.add(event);
      event.accept(
          ConverseStreamResponseHandler.Visitor.builder()
              .onContentBlockDelta(e -> texts.add(e.delta().text()))
              .onMessageStop(e -> stopReason = e.stopReason())
              .onMetadata(e -> outputTokens = e.usage().outputTokens())
              .build());
    }

    String text() {
      return String.join("", texts);
    }

    List<String> kinds() {
      return events.stream().map(e -> e.sdkEventType().name()).toList();
    }
  }
}
