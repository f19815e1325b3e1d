package dev.outcrop.serving.cost;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Asks a server for a small JSON document, within seconds. */
final class JsonSource {
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final int MOST_BYTES = 4_000_000;
  private static final int OK = 200;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient client;

  JsonSource(HttpClient client) {
    this.client = client;
  }

  /** A client that follows no redirects. */
  static HttpClient.Builder client() {
    return HttpClient.newBuilder().connectTimeout(PATIENCE);
  }

  /**
   * Gets a document.
   *
   * @param bearer a token to send; null for none
   * @throws IOException where the answer is not 200 or not JSON
   */
  JsonNode get(URI uri, @Nullable String bearer) throws IOException, InterruptedException {
    HttpRequest.Builder request = HttpRequest.newBuilder(uri).timeout(PATIENCE);
    if (bearer != null) {
      request.header("authorization", "Bearer " + bearer);
    }
    HttpResponse<InputStream> response =
        client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    try (InputStream body = response.body()) {
      if (response.statusCode() != OK) {
        throw new IOException("%s answered %d".formatted(uri.getHost(), response.statusCode()));
      }
      JsonNode answer = JSON.readTree(body.readNBytes(MOST_BYTES));
      if (answer == null) {
        throw new IOException(uri.getHost() + " answered nothing");
      }
      return answer;
    }
  }
}
