package dev.outcrop.serving.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.serving.config.ModelConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.bedrockruntime.model.ContentBlock;
import software.amazon.awssdk.services.bedrockruntime.model.ConversationRole;
import software.amazon.awssdk.services.bedrockruntime.model.ConverseStreamResponseHandler;
import software.amazon.awssdk.services.bedrockruntime.model.InvokeModelResponse;
import software.amazon.awssdk.services.bedrockruntime.model.Message;
import software.amazon.awssdk.services.bedrockruntime.model.ResourceNotFoundException;
import software.amazon.awssdk.services.bedrockruntime.model.SystemContentBlock;
import software.amazon.awssdk.services.bedrockruntime.model.TokenUsage;

/** The unchanged AWS SDK chats with the real demo model in libtorch. */
@ParameterizedClass
@EnumSource(DemoServer.Engine.class)
final class DemoModelTest {
  private static final String UNKNOWN =
      "arn:aws:bedrock:us-east-1:123456789012:imported-model/abcdefghij12";
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

  private static String count(int from, int to) {
    return IntStream.rangeClosed(from, to)
        .mapToObj(Integer::toString)
        .collect(Collectors.joining(", "));
  }

  /** What a stream brought. A part that is missing was never sent: it ended without a word. */
  private record Streamed(String text, String stopReason, int tokens) {}

  private static void assertWhole(Streamed seen, int from, int to) {
    assertThat(seen).isEqualTo(new Streamed(count(from, to), "end_turn", seen.tokens));
    assertThat(seen.tokens).isPositive();
  }

  private static CompletableFuture<Streamed> stream(String question) {
    StringBuilder text = new StringBuilder();
    AtomicReference<String> stopReason = new AtomicReference<>("none");
    AtomicInteger tokens = new AtomicInteger(-1);
    return demo.async
        .converseStream(
            request ->
                request
                    .modelId(DemoServer.MODEL)
                    .messages(user(question))
                    .inferenceConfig(i -> i.temperature(0f)),
            ConverseStreamResponseHandler.builder()
                .subscriber(
                    ConverseStreamResponseHandler.Visitor.builder()
                        .onContentBlockDelta(delta -> text.append(delta.delta().text()))
                        .onMessageStop(stop -> stopReason.set(stop.stopReasonAsString()))
                        .onMetadata(metadata -> tokens.set(metadata.usage().outputTokens()))
                        .build())
                .build())
        .thenApply(_ -> new Streamed(text.toString(), stopReason.get(), tokens.get()));
  }

  @Test
  void streamsSixtyFourCountsAtOnceAndAllAreRight() throws Exception {
    List<CompletableFuture<Streamed>> counts = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      counts.add(stream("Count from 1 to 50."));
    }

    for (CompletableFuture<Streamed> count : counts) {
      assertWhole(count.get(2, TimeUnit.MINUTES), 1, 50);
    }
  }

  @Test
  void streamsDifferentCountsInOneBatch() throws Exception {
    List<CompletableFuture<Streamed>> counts = new ArrayList<>();
    for (int from = 3; from < 19; from++) {
      counts.add(stream("Count from %d to %d.".formatted(from, from + 25)));
    }

    for (int i = 0; i < counts.size(); i++) {
      assertWhole(counts.get(i).get(2, TimeUnit.MINUTES), 3 + i, 28 + i);
    }
  }

  @Test
  void answersTheOpenAiChatBodyOfInvokeModel() throws Exception {
    InvokeModelResponse response =
        demo.sync.invokeModel(
            r ->
                r.modelId(DemoServer.MODEL)
                    .body(
                        SdkBytes.fromUtf8String(
                            """
                            {"messages": [{"role": "user", "content": "What is 17 plus 25?"}]}""")));

    JsonNode answer = JSON.readTree(response.body().asByteArray());
    assertThat(answer.at("/choices/0/message/content").asText()).contains("42");
    assertThat(answer.at("/choices/0/finish_reason").asText()).isEqualTo("stop");
  }

  @Test
  void answersBodiesThatItsTemplateTurnsIntoAConversation() throws Exception {
    for (List<String> body :
        List.of(
            List.of("{'inputText':'What is 17 plus 25?'}", "/results/0/outputText"),
            List.of(
                "{'anthropic_version':'bedrock-2023-05-31','max_tokens':99,'messages':"
                    + "[{'role':'user','content':'What is 17 plus 25?'}]}",
                "/content/0/text"))) {
      InvokeModelResponse response =
          demo.sync.invokeModel(
              r ->
                  r.modelId(DemoServer.MODEL)
                      .body(SdkBytes.fromUtf8String(body.getFirst().replace('\'', '"'))));

      assertThat(JSON.readTree(response.body().asByteArray()).at(body.getLast()).asText())
          .contains("42");
    }
  }

  @Test
  void answersTheLlamaBodyOfInvokeModel() throws Exception {
    String prompt = "<|im_start|>user\nWhat is 17 plus 25?<|im_end|>\n<|im_start|>assistant\n";

    InvokeModelResponse response =
        demo.sync.invokeModel(
            r ->
                r.modelId(DemoServer.MODEL)
                    .body(
                        SdkBytes.fromUtf8String(
                            JSON.createObjectNode()
                                .put("prompt", prompt)
                                .put("temperature", 0)
                                .toString())));

    JsonNode answer = JSON.readTree(response.body().asByteArray());
    assertThat(answer.get("generation").asText()).contains("42");
    assertThat(answer.get("stop_reason").asText()).isEqualTo("stop");
  }

  @Test
  void tellsWhatTheCacheHadOfAPromptAndCountsItTheSame() {
    String rules = "Answer in one word. ".repeat(20);
    List<TokenUsage> usages = new ArrayList<>();
    for (String question : List.of("What is 2 plus 3?", "What is 4 plus 5?")) {
      usages.add(
          demo.sync
              .converse(
                  r ->
                      r.modelId(DemoServer.MODEL)
                          .system(
                              SystemContentBlock.fromText(rules),
                              SystemContentBlock.fromCachePoint(point -> point.type("default")))
                          .messages(user(question))
                          .inferenceConfig(i -> i.maxTokens(4).stopSequences("e", "i", "5", "9")))
              .usage());
    }
    int counted =
        demo.sync
            .countTokens(
                r ->
                    r.modelId(DemoServer.MODEL)
                        .input(
                            input ->
                                input.converse(
                                    c ->
                                        c.system(SystemContentBlock.fromText(rules))
                                            .messages(user("What is 4 plus 5?")))))
            .inputTokens();

    TokenUsage first = usages.getFirst();
    TokenUsage second = usages.getLast();
    assertThat(first.cacheReadInputTokens()).isZero();
    switch (engine) {
      case CHECKPOINT -> {
        assertThat(first.cacheWriteInputTokens()).isGreaterThan(60);
        assertThat(second.cacheReadInputTokens())
            .isBetween(first.cacheWriteInputTokens() - 32, first.cacheWriteInputTokens());
      }
      case BUNDLE -> { // slots share nothing, and nobody is told that they do
        assertThat(first.cacheWriteInputTokens()).isZero();
        assertThat(second.cacheReadInputTokens()).isZero();
      }
    }
    assertThat(counted)
        .isEqualTo(
            second.inputTokens() + second.cacheReadInputTokens() + second.cacheWriteInputTokens());
  }

  @Test
  void doesNotKnowTheArnOfAnotherModel() {
    assertThatThrownBy(() -> demo.sync.converse(r -> r.modelId(UNKNOWN).messages(user("hi"))))
        .isInstanceOf(ResourceNotFoundException.class);
  }
}
