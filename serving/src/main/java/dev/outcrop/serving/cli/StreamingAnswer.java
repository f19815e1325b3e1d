package dev.outcrop.serving.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import software.amazon.eventstream.HeaderValue;
import software.amazon.eventstream.Message;
import software.amazon.eventstream.MessageDecoder;

/** Asks a server over ConverseStream and prints the answer as it arrives. Used by one thread. */
final class StreamingAnswer {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final PrintStream out;
  private long firstNanos;
  private long lastNanos;
  private int outputTokens;
  private boolean failed;

  StreamingAnswer(PrintStream out) {
    this.out = out;
  }

  /** Streams one answer; tells whether it came whole. */
  boolean ask(URI server, String model, String question) throws IOException, InterruptedException {
    ObjectNode body = JSON.createObjectNode();
    body.putArray("messages")
        .addObject()
        .put("role", "user")
        .putArray("content")
        .addObject()
        .put("text", question);
    HttpRequest request =
        HttpRequest.newBuilder(server.resolve("/model/" + model + "/converse-stream"))
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body)))
            .build();
    try (HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
      HttpResponse<InputStream> response =
          http.send(request, HttpResponse.BodyHandlers.ofInputStream());
      try (InputStream in = response.body()) {
        if (response.statusCode() != 200) {
          out.println(new String(in.readNBytes(10_000), StandardCharsets.UTF_8));
          return false;
        }
        MessageDecoder decoder = new MessageDecoder(this::print);
        byte[] buffer = new byte[8_192];
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
          decoder.feed(buffer, 0, count);
        }
      }
    }
    out.println();
    return !failed && outputTokens > 0;
  }

  private void print(Message message) {
    JsonNode payload = payload(message);
    switch (header(message, ":event-type")) {
      case "contentBlockDelta" -> {
        firstNanos = firstNanos == 0 ? System.nanoTime() : firstNanos;
        out.print(payload.at("/delta/text").asText());
        out.flush();
      }
      case "metadata" -> {
        lastNanos = System.nanoTime();
        outputTokens = payload.at("/usage/outputTokens").asInt();
      }
      case "messageStart", "contentBlockStart", "contentBlockStop", "messageStop" -> {}
      default -> {
        failed = true;
        out.println(payload.path("message").asText());
      }
    }
  }

  private static JsonNode payload(Message message) {
    try {
      return JSON.readTree(message.getPayload());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String header(Message message, String name) {
    HeaderValue value = message.getHeaders().get(name);
    return value == null ? "" : value.getString();
  }

  /** Tokens of the answer, as the server counted them. */
  int outputTokens() {
    return outputTokens;
  }

  /** Tokens per second after the first. */
  double tokensPerSecond() {
    return (outputTokens - 1) / Math.max(1e-9, (lastNanos - firstNanos) / 1e9);
  }
}
