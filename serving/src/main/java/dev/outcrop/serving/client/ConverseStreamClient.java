package dev.outcrop.serving.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import software.amazon.eventstream.HeaderValue;
import software.amazon.eventstream.Message;
import software.amazon.eventstream.MessageDecoder;

/**
 * Asks a model over ConverseStream and tells about every event as it arrives; for the command line
 * and for benchmarks, which must add little of their own. One HTTP/1.1 request per question. Safe
 * for many threads.
 */
public final class ConverseStreamClient implements AutoCloseable {
  /** {@code maxTokens} of a question that leaves that and the temperature to the server. */
  public static final int DEFAULTS = 0;

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int MAX_ERROR_BYTES = 10_000;

  private final HttpClient http;
  private final URI uri;
  private final Authorization authorization;

  /**
   * Makes a client of one model.
   *
   * @param server such as {@code http://127.0.0.1:8080}
   * @param key the API key, where the server wants one
   */
  public ConverseStreamClient(URI server, String model, @Nullable String key) {
    this(
        server,
        model,
        key,
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(10))
            .build());
  }

  /**
   * Makes a client of one model.
   *
   * @param server such as {@code https://llama.example}
   * @param key the API key, where the server wants one
   * @param http carries the requests; closed with this
   */
  public ConverseStreamClient(URI server, String model, @Nullable String key, HttpClient http) {
    this(server, model, key == null ? Authorization.NONE : Authorization.bearer(key), http);
  }

  /**
   * Makes a client of one model.
   *
   * @param server such as {@code https://bedrock-runtime.us-east-1.amazonaws.com}
   * @param authorization says who asks
   * @param http carries the requests; closed with this
   */
  public ConverseStreamClient(
      URI server, String model, Authorization authorization, HttpClient http) {
    this.http = http;
    this.uri =
        server.resolve(
            "/model/" + URLEncoder.encode(model, StandardCharsets.UTF_8) + "/converse-stream");
    this.authorization = authorization;
  }

  /** Told about an answer, on the thread that asked. */
  public interface Listener {
    /** More text came; empty for a delta of another kind. */
    void delta(String text);

    /**
     * What the prompt was; told right before the end.
     *
     * @param tokens all of its tokens
     * @param cachedTokens those that were in the server's cache, as far as it tells
     */
    default void prompted(int tokens, int cachedTokens) {}

    /** The answer is whole. */
    void ended(int outputTokens);
  }

  /**
   * Asks one question and returns when the answer is whole.
   *
   * @param maxTokens the most tokens of a greedy answer, or {@link #DEFAULTS}
   * @throws IOException with what the server said where it refuses or breaks off
   */
  public void ask(String question, int maxTokens, Listener listener)
      throws IOException, InterruptedException {
    ask(body(question, maxTokens), listener);
  }

  /**
   * Sends a body of ConverseStream as it is and returns when the answer is whole.
   *
   * @throws RefusedException where the server answers with another status than 200
   * @throws IOException where the answer breaks off
   */
  public void ask(byte[] body, Listener listener) throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(body));
    authorization.headers(uri, body).forEach(request::header);
    HttpResponse<InputStream> response =
        http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    try (InputStream in = response.body()) {
      if (response.statusCode() != 200) {
        throw new RefusedException(
            response.statusCode(),
            new String(in.readNBytes(MAX_ERROR_BYTES), StandardCharsets.UTF_8));
      }
      if (!read(in, listener)) {
        throw new IOException("the stream ended before the answer did");
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static byte[] body(String question, int maxTokens) throws IOException {
    ObjectNode body = JSON.createObjectNode();
    body.putArray("messages")
        .addObject()
        .put("role", "user")
        .putArray("content")
        .addObject()
        .put("text", question);
    if (maxTokens != DEFAULTS) {
      body.putObject("inferenceConfig").put("maxTokens", maxTokens).put("temperature", 0);
    }
    return JSON.writeValueAsBytes(body);
  }

  /** Reads frames to the end; tells whether the last event of an answer was among them. */
  private static boolean read(InputStream in, Listener listener) throws IOException {
    boolean[] whole = new boolean[1];
    MessageDecoder decoder = new MessageDecoder(message -> whole[0] |= tell(message, listener));
    byte[] buffer = new byte[16_384];
    for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
      try {
        decoder.feed(buffer, 0, count);
      } catch (IllegalArgumentException | IllegalStateException e) {
        throw new IOException("the stream is no event stream, or was changed on its way", e);
      }
    }
    return whole[0];
  }

  private static boolean tell(Message message, Listener listener) {
    JsonNode payload;
    try {
      payload = JSON.readTree(message.getPayload());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (!header(message, ":message-type").equals("event")) {
      throw new UncheckedIOException(
          new IOException("the stream broke off: " + payload.path("message").asText()));
    }
    return switch (header(message, ":event-type")) {
      case "contentBlockDelta" -> {
        listener.delta(payload.at("/delta/text").asText());
        yield false;
      }
      case "metadata" -> {
        JsonNode usage = payload.path("usage");
        int cached = usage.path("cacheReadInputTokens").asInt();
        // The API counts tokens that were cached, or now are, apart from the others.
        listener.prompted(
            usage.path("inputTokens").asInt()
                + cached
                + usage.path("cacheWriteInputTokens").asInt(),
            cached);
        listener.ended(usage.path("outputTokens").asInt());
        yield true;
      }
      default -> false;
    };
  }

  private static String header(Message message, String name) {
    HeaderValue value = message.getHeaders().get(name);
    return value == null ? "" : value.getString();
  }

  @Override
  public void close() {
    http.close();
  }
}
