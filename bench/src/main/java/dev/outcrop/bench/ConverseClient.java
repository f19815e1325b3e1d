package dev.outcrop.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import software.amazon.eventstream.HeaderValue;
import software.amazon.eventstream.Message;
import software.amazon.eventstream.MessageDecoder;

/**
 * A ConverseStream client that adds little of its own: one HTTP/1.1 request per stream,
 * event-stream frames timed as they arrive. Safe for many threads.
 */
final class ConverseClient implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(10))
          .build();
  private final URI uri;
  private final @Nullable String key;

  ConverseClient(String target, String model, @Nullable String key) {
    this.uri =
        URI.create(
            target
                + "/model/"
                + URLEncoder.encode(model, StandardCharsets.UTF_8)
                + "/converse-stream");
    this.key = key;
  }

  /**
   * One finished stream.
   *
   * @param startNanos when the request was sent
   * @param eventNanos when each text delta arrived
   * @param outputTokens what the server counted
   */
  record Streamed(long startNanos, long[] eventNanos, int outputTokens) {
    long firstNanos() {
      return eventNanos[0];
    }

    long lastNanos() {
      return eventNanos[eventNanos.length - 1];
    }

    /** Tokens that arrived in a span of time; a delta may carry several tokens. */
    double tokensBetween(long from, long to) {
      long deltas = Arrays.stream(eventNanos).filter(at -> at > from && at <= to).count();
      return deltas * (double) outputTokens / eventNanos.length;
    }
  }

  Streamed stream(String prompt, int maxTokens) throws IOException, InterruptedException {
    ObjectNode body = JSON.createObjectNode();
    body.putArray("messages")
        .addObject()
        .put("role", "user")
        .putArray("content")
        .addObject()
        .put("text", prompt);
    body.putObject("inferenceConfig").put("maxTokens", maxTokens).put("temperature", 0);
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body)));
    if (key != null) {
      request.header("authorization", "Bearer " + key);
    }
    long start = System.nanoTime();
    HttpResponse<InputStream> response =
        http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    try (InputStream in = response.body()) {
      if (response.statusCode() != 200) {
        throw new IOException(
            "the server answered %d: %s"
                .formatted(
                    response.statusCode(),
                    new String(in.readNBytes(1_000), StandardCharsets.UTF_8)));
      }
      return read(in, start, maxTokens);
    }
  }

  private static Streamed read(InputStream in, long start, int maxTokens) throws IOException {
    long[] events = new long[maxTokens + 1];
    int[] counts = new int[2];
    MessageDecoder decoder =
        new MessageDecoder(
            message -> {
              String type = header(message, ":message-type");
              if (!type.equals("event")) {
                throw new IllegalStateException("the stream ended with an error frame");
              }
              switch (header(message, ":event-type")) {
                case "contentBlockDelta" -> events[counts[0]++] = System.nanoTime();
                case "metadata" -> counts[1] = outputTokens(message.getPayload());
                default -> {}
              }
            });
    byte[] buffer = new byte[16_384];
    for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
      decoder.feed(buffer, 0, count);
    }
    if (counts[0] == 0 || counts[1] == 0) {
      throw new IOException("the stream ended without text or without usage");
    }
    return new Streamed(start, Arrays.copyOf(events, counts[0]), counts[1]);
  }

  private static String header(Message message, String name) {
    HeaderValue value = message.getHeaders().get(name);
    return value == null ? "" : value.getString();
  }

  private static int outputTokens(byte[] payload) {
    try {
      JsonNode metadata = JSON.readTree(payload);
      return metadata.at("/usage/outputTokens").asInt();
    } catch (IOException e) {
      throw new IllegalStateException("the metadata event is no JSON", e);
    }
  }

  @Override
  public void close() {
    http.close();
  }
}
