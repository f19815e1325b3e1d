package dev.outcrop.serving.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class ConverseStreamClientTest {
  private final StringBuilder text = new StringBuilder();
  private int inputTokens;
  private int outputTokens;
  private TestServer server;

  @BeforeEach
  void start() {
    server = new TestServer(request -> "some words");
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private void ask(String model, int maxTokens) throws IOException, InterruptedException {
    try (ConverseStreamClient client = new ConverseStreamClient(server.endpoint(), model, null)) {
      client.ask(
          "hi",
          maxTokens,
          new ConverseStreamClient.Listener() {
            @Override
            public void delta(String more) {
              text.append(more);
            }

            @Override
            public void prompted(int tokens, int cachedTokens) {
              inputTokens = tokens;
            }

            @Override
            public void ended(int tokens) {
              outputTokens = tokens;
            }
          });
    }
  }

  @Test
  void tellsTextAndTokensOfAnAnswer() throws Exception {
    ask(TestServer.MODEL, ConverseStreamClient.DEFAULTS);

    assertThat(text).hasToString("some words");
    assertThat(outputTokens).isEqualTo(11);
    assertThat(inputTokens).isEqualTo(server.batcher.requests.getLast().prompt().length);
    assertThat(server.batcher.requests.getLast().sampling().temperature()).isEqualTo(0.5);
  }

  @Test
  void asksForAGreedyAnswerOfSoManyTokens() throws Exception {
    ask("org/name", 4);

    assertThat(text).hasToString("some");
    assertThat(outputTokens).isEqualTo(4);
    assertThat(server.batcher.requests.getLast().sampling().temperature()).isZero();
  }

  @Test
  void tellsWhatTheServerRefuses() {
    assertThatThrownBy(() -> ask("a.b", 4))
        .isInstanceOfSatisfying(
            RefusedException.class, refused -> assertThat(refused.status()).isEqualTo(400))
        .hasMessageStartingWith("the server answered 400: ");
  }

  @Test
  void tellsWhereAnAnswerBrokeOff() {
    server.batcher.failure = new OutcropException(ModelError.STEP_FAILED, "x");
    server.batcher.failAfter = 3;

    assertThatThrownBy(() -> ask("demo", ConverseStreamClient.DEFAULTS))
        .isInstanceOf(IOException.class)
        .hasMessage("the stream broke off: The model failed while it was generating.");
    assertThat(text).hasToString("som");
  }
}
