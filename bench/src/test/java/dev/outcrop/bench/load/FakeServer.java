package dev.outcrop.bench.load;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import software.amazon.eventstream.HeaderValue;
import software.amazon.eventstream.Message;

/**
 * A server on a real socket that answers both APIs with words, as slowly and badly as a test wants.
 * It counts a token for each word and seven for the template.
 */
final class FakeServer implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int TEMPLATE = 7;

  /**
   * How it behaves.
   *
   * @param atOnce requests that are served at the same time; others wait
   * @param firstMs milliseconds to the first token
   * @param tokenMs milliseconds to each other one
   * @param failEvery every so many-th request is refused; 0 for none
   * @param stallEvery every so many-th stops after its first token; 0 for none
   */
  record Manners(int atOnce, long firstMs, long tokenMs, int failEvery, int stallEvery) {
    static final Manners GOOD = new Manners(1_000, 0, 0, 0, 0);
  }

  final List<JsonNode> bodies = Collections.synchronizedList(new ArrayList<>());
  final List<String> authorizations = Collections.synchronizedList(new ArrayList<>());
  final AtomicInteger most = new AtomicInteger();

  /** Requests of the calibration come first and are treated well. */
  private static final int CALIBRATION = 2;

  private final Manners manners;
  private final Semaphore seats;
  private final AtomicInteger count = new AtomicInteger();
  private final AtomicInteger open = new AtomicInteger();
  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  FakeServer(Manners manners) throws IOException {
    this.manners = manners;
    this.seats = new Semaphore(manners.atOnce(), true);
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1_000);
    server.setExecutor(threads);
    server.createContext("/v1/models", this::models);
    server.createContext("/v1/chat/completions", exchange -> answer(exchange, true));
    server.createContext("/model/", exchange -> answer(exchange, false));
    server.createContext("/metrics", this::metrics);
    server.start();
  }

  String uri() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  private void models(HttpExchange exchange) throws IOException {
    send(exchange, 200, "{\"object\":\"list\",\"data\":[{\"id\":\"fake\",\"owned_by\":\"me\"}]}");
  }

  private void metrics(HttpExchange exchange) throws IOException {
    send(
        exchange,
        200,
        """
        # HELP vllm:num_requests_running Requests
        vllm:num_requests_running{model_name="fake"} %d
        vllm:num_requests_waiting{model_name="fake"} 3.0
        vllm:kv_cache_usage_perc{model_name="fake"} 0.25
        """
            .formatted(open.get()));
  }

  private static void send(HttpExchange exchange, int status, String text) throws IOException {
    try (exchange) {
      byte[] body = text.getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(status, body.length);
      exchange.getResponseBody().write(body);
    }
  }

  private void answer(HttpExchange exchange, boolean openAi) throws IOException {
    int number = count.incrementAndGet() - CALIBRATION;
    most.accumulateAndGet(open.incrementAndGet(), Math::max);
    try (exchange) {
      JsonNode body = JSON.readTree(exchange.getRequestBody());
      bodies.add(body);
      authorizations.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
      if (number > 0 && manners.failEvery() > 0 && number % manners.failEvery() == 0) {
        send(exchange, 503, "{\"message\":\"too much\"}");
        return;
      }
      seats.acquire();
      try {
        boolean stalls =
            number > 0 && manners.stallEvery() > 0 && number % manners.stallEvery() == 0;
        stream(exchange, body, openAi, stalls);
      } finally {
        seats.release();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      open.decrementAndGet();
    }
  }

  private void stream(HttpExchange exchange, JsonNode body, boolean openAi, boolean stalls)
      throws IOException, InterruptedException {
    int tokens =
        openAi ? body.path("max_tokens").asInt() : body.at("/inferenceConfig/maxTokens").asInt();
    exchange.sendResponseHeaders(200, 0);
    OutputStream out = exchange.getResponseBody();
    for (int token = 0; token < tokens; token++) {
      Thread.sleep(token == 0 ? manners.firstMs() : manners.tokenMs());
      if (stalls && token == 1) {
        Thread.sleep(600_000);
      }
      out.write(openAi ? sse("{\"choices\":[{\"delta\":{\"content\":\"word \"}}]}") : delta());
      out.flush();
    }
    int words = TEMPLATE + body.path("messages").toString().split(" ", -1).length;
    if (openAi) {
      out.write(
          sse(
              "{\"choices\":[],\"usage\":{\"prompt_tokens\":%d,\"completion_tokens\":%d}}"
                  .formatted(words, tokens)));
      out.write(sse("[DONE]"));
    } else {
      out.write(
          frame(
              "metadata",
              "{\"usage\":{\"inputTokens\":%d,\"outputTokens\":%d}}".formatted(words, tokens)));
    }
  }

  private static byte[] sse(String data) {
    return ("data: " + data + "\n\n").getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] delta() {
    return frame("contentBlockDelta", "{\"delta\":{\"text\":\"word \"},\"contentBlockIndex\":0}");
  }

  private static byte[] frame(String type, String payload) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    new Message(
            Map.of(
                ":message-type", HeaderValue.fromString("event"),
                ":event-type", HeaderValue.fromString(type)),
            payload.getBytes(StandardCharsets.UTF_8))
        .encode(out);
    return out.toByteArray();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
