package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.testing.Await;
import dev.outcrop.serving.testing.FaultLog;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.RawHttp2;
import dev.outcrop.serving.testing.ScriptedBatcher;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.eventstream.Message;

/** No stream ends in silence, whatever its thread dies of. */
final class StreamFaultsTest {
  private static final String STREAM = "/model/demo/converse-stream";
  private static final String HI =
      "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}";
  private static final String CHAT =
      "{\"model\":\"demo\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

  private static final ScriptedBatcher.Fault ERROR =
      () -> {
        throw new StackOverflowError();
      };
  private static final ScriptedBatcher.Fault INTERRUPTION =
      () -> {
        throw new InterruptedException();
      };

  private final FaultLog log = new FaultLog();
  private TestServer server;

  @BeforeEach
  void start() {
    server = new TestServer(request -> "0123456789");
    server.batcher.failAfter = 3;
  }

  @AfterEach
  void stop() {
    server.close();
    log.close();
  }

  private String frames() throws IOException {
    try (RawHttp2 http = new RawHttp2(server.server.port())) {
      http.open(100);
      http.post(1, STREAM, HI);
      List<Message> messages = RawHttp2.messages(http.rest(1));
      assertThat(RawHttp2.text(messages)).doesNotContain("3");
      return messages.getLast().getHeaders().get(":exception-type").getString();
    }
  }

  @Test
  void endsStreamWithFrameAfterAnError() throws Exception {
    server.batcher.fault = ERROR;
    assertThat(frames()).isEqualTo("internalServerException");
    assertThat(log.toString()).contains("StackOverflowError");
    Await.until(() -> server.batcher.open() == 0);
    Await.until(() -> server.metrics().contains("outcrop_requests_in_flight 0.0"));
  }

  @Test
  void endsStreamWithFrameWhenInterrupted() throws Exception {
    server.batcher.fault = INTERRUPTION;
    assertThat(frames()).isEqualTo("serviceUnavailableException");
    Await.until(() -> server.batcher.open() == 0);
    Await.until(() -> server.metrics().contains("outcrop_requests_in_flight 0.0"));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void endsOpenAiStreamWithErrorEvent(boolean interrupted) throws IOException {
    server.batcher.fault = interrupted ? INTERRUPTION : ERROR;
    String events = RawHttp.post(server.server.port(), "/openai/v1/chat/completions", CHAT).text();
    assertThat(events)
        .contains(interrupted ? "is stopping" : "unexpected error")
        .doesNotContain("\"content\":\"3\"");
  }

  @Test
  void answersHttp2RequestWhoseThreadDiesOfAnErrorFirst() throws IOException {
    server.batcher.fault = ERROR;
    server.batcher.failAfter = 0;
    for (String operation : List.of("converse", "converse-stream")) {
      try (RawHttp2 http = new RawHttp2(server.server.port())) {
        http.open(100);
        http.post(1, "/model/demo/" + operation, HI);
        assertThat(new String(http.rest(1), StandardCharsets.UTF_8)).contains("unexpected error");
      }
    }
  }
}
