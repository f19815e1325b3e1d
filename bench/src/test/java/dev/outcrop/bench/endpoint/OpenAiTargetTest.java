package dev.outcrop.bench.endpoint;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.outcrop.serving.client.Authorization;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class OpenAiTargetTest {
  private static final String STREAM =
      """
      data: {"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":3,"completion_tokens":1}}

      data: {"choices":[{"delta":{"content":"b"}}],"usage":{"prompt_tokens":3,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":1}}}

      data: {"choices":[{"delta":{},"finish_reason":"stop"}],"usage":null}

      data: [DONE]

      """;

  private final AtomicBoolean ended = new AtomicBoolean();

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      exchange.getRequestBody().readAllBytes();
      exchange.sendResponseHeaders(200, 0);
      exchange.getResponseBody().write(STREAM.getBytes(StandardCharsets.UTF_8));
      exchange.getResponseBody().flush();
      Thread.sleep(300);
      ended.set(true);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void takesTheLastUsageOfAnyPieceAndReadsToTheEnd() throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/v1/chat/completions", this::answer);
    server.start();
    List<String> told = new ArrayList<>();
    URI address = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    try (Target target =
        new OpenAiTarget(address, "m", Authorization.NONE, HttpClient.newHttpClient())) {
      target.ask(
          new byte[0],
          new Target.Listener() {
            @Override
            public void delta(String text) {
              told.add(text);
            }

            @Override
            public void usage(int inputTokens, int cachedTokens, int outputTokens) {
              told.add(inputTokens + " " + cachedTokens + " " + outputTokens);
            }
          });
    } finally {
      server.stop(0);
    }

    assertThat(told).containsExactly("a", "b", "3 1 2");
    assertThat(ended).as("the server was done").isTrue();
  }
}
