package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.serving.testing.SdkClients;
import dev.outcrop.serving.testing.TestServer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscription;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeAsyncClient;
import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeClient;
import software.amazon.awssdk.services.bedrockruntime.model.BedrockRuntimeException;
import software.amazon.awssdk.services.bedrockruntime.model.ContentBlock;
import software.amazon.awssdk.services.bedrockruntime.model.ConversationRole;
import software.amazon.awssdk.services.bedrockruntime.model.ConverseResponse;
import software.amazon.awssdk.services.bedrockruntime.model.GuardrailContentSource;
import software.amazon.awssdk.services.bedrockruntime.model.InvokeModelWithBidirectionalStreamInput;
import software.amazon.awssdk.services.bedrockruntime.model.InvokeModelWithBidirectionalStreamResponseHandler;
import software.amazon.awssdk.services.bedrockruntime.model.Message;
import software.amazon.awssdk.services.bedrockruntime.model.SystemContentBlock;

/** What the real AWS SDK sends and reads besides chats: counts, caches, tiers, and refusals. */
final class AwsSdkConverseTest {
  private TestServer server;
  private BedrockRuntimeClient sync;
  private BedrockRuntimeAsyncClient async;

  @BeforeEach
  void start() {
    server = new TestServer(request -> "Hello");
    sync = SdkClients.sync(server.endpoint());
    async = SdkClients.async(server.endpoint());
  }

  @AfterEach
  void stop() {
    sync.close();
    async.close();
    server.close();
  }

  @Test
  void countsTheTokensOfARequest() {
    Message message =
        Message.builder()
            .role(ConversationRole.USER)
            .content(
                ContentBlock.fromText("hi"),
                ContentBlock.fromDocument(
                    document ->
                        document
                            .name("Notes")
                            .format("md")
                            .source(source -> source.bytes(SdkBytes.fromUtf8String("# Notes")))))
            .build();
    SdkBytes body = SdkBytes.fromUtf8String("{\"prompt\":\"hi\"}");

    ConverseResponse answer =
        sync.converse(request -> request.modelId(TestServer.MODEL).messages(message));

    assertThat(
            sync.countTokens(
                    r ->
                        r.modelId(TestServer.MODEL)
                            .input(i -> i.converse(c -> c.messages(message))))
                .inputTokens())
        .isEqualTo(answer.usage().inputTokens());
    assertThat(
            async
                .countTokens(
                    r -> r.modelId(TestServer.MODEL).input(i -> i.invokeModel(m -> m.body(body))))
                .join()
                .inputTokens())
        .isEqualTo(2);
  }

  @Test
  void readsWhatItAskedTheAnswerToTell() {
    server.batcher.cachedTokens = 8;
    server.batcher.writtenTokens = 6;

    ConverseResponse answer =
        sync.converse(
            request ->
                request
                    .modelId(TestServer.MODEL)
                    .system(
                        SystemContentBlock.fromText("Be brief."),
                        SystemContentBlock.fromCachePoint(point -> point.type("default")))
                    .messages(
                        m -> m.role(ConversationRole.USER).content(ContentBlock.fromText("hi")))
                    .performanceConfig(config -> config.latency("optimized"))
                    .serviceTier(tier -> tier.type("flex"))
                    .requestMetadata(Map.of("team", "a")));

    assertThat(answer.usage().cacheReadInputTokens()).isEqualTo(8);
    assertThat(answer.usage().cacheWriteInputTokens()).isEqualTo(6);
    assertThat(answer.usage().totalTokens())
        .isEqualTo(answer.usage().inputTokens() + 8 + 6 + answer.usage().outputTokens());
    assertThat(answer.performanceConfig().latencyAsString()).isEqualTo("standard");
    assertThat(answer.serviceTier().typeAsString()).isEqualTo("flex");
  }

  @Test
  void isToldThatThereAreNoGuardrails() {
    assertThatThrownBy(
            () ->
                sync.applyGuardrail(
                    r ->
                        r.guardrailIdentifier("abc")
                            .guardrailVersion("DRAFT")
                            .source(GuardrailContentSource.INPUT)
                            .content(List.of())))
        .isInstanceOfSatisfying(
            BedrockRuntimeException.class,
            e -> {
              assertThat(e.statusCode()).isEqualTo(404);
              assertThat(e.awsErrorDetails().errorCode()).isEqualTo("UnknownOperationException");
              assertThat(e.awsErrorDetails().errorMessage())
                  .isEqualTo("The operation ApplyGuardrail is not supported by this server.");
            });
  }

  /** Its request goes on until it is answered: the refusal must not wait for its end. */
  @Test
  void isToldAtOnceThatThereAreNoStreamsBothWays() {
    var answer =
        async.invokeModelWithBidirectionalStream(
            r -> r.modelId(TestServer.MODEL),
            subscriber -> subscriber.onSubscribe(endless(subscriber::onNext)),
            InvokeModelWithBidirectionalStreamResponseHandler.builder()
                .onResponse(_ -> {})
                .subscriber(_ -> {})
                .build());

    assertThatThrownBy(() -> answer.get(50, TimeUnit.SECONDS))
        .hasCauseInstanceOf(BedrockRuntimeException.class)
        .hasMessageContaining("InvokeModelWithBidirectionalStream is not supported");
  }

  private static Subscription endless(
      java.util.function.Consumer<InvokeModelWithBidirectionalStreamInput> to) {
    return new Subscription() {
      private boolean sent;

      @Override
      public void request(long n) {
        if (!sent) {
          sent = true;
          to.accept(
              InvokeModelWithBidirectionalStreamInput.chunkBuilder()
                  .bytes(SdkBytes.fromUtf8String("{}"))
                  .build());
        }
      }

      @Override
      public void cancel() {}
    };
  }
}
