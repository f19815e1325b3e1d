package dev.outcrop.serving.cost;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Asks a server for a small JSON document, within seconds. */
final class JsonSource {
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final int MOST_BYTES = 4_000_000;
  private static final int OK = 200;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient client;
  private final Duration patience;

  JsonSource(HttpClient client) {
    this(client, PATIENCE);
  }

  /** One that waits so long for a whole answer. */
  JsonSource(HttpClient client, Duration patience) {
    this.client = client;
    this.patience = patience;
  }

  /** A client that follows no redirects. */
  static HttpClient.Builder client() {
    return HttpClient.newBuilder().connectTimeout(PATIENCE);
  }

  /**
   * Gets a document.
   *
   * @param bearer a token to send; null for none
   * @throws IOException where the answer is not 200, not JSON, too long or not there in time
   */
  JsonNode get(URI uri, @Nullable String bearer) throws IOException, InterruptedException {
    HttpRequest.Builder request = HttpRequest.newBuilder(uri).timeout(patience);
    if (bearer != null) {
      request.header("authorization", "Bearer " + bearer);
    }
    HttpResponse<byte[]> response = whole(request.build());
    if (response.statusCode() != OK) {
      throw new IOException("%s answered %d".formatted(uri.getHost(), response.statusCode()));
    }
    JsonNode answer = JSON.readTree(response.body());
    if (answer == null || answer.isMissingNode()) {
      throw new IOException(uri.getHost() + " answered nothing");
    }
    return answer;
  }

  /** The request's own timeout ends with the headers: a body may stall behind them. */
  private HttpResponse<byte[]> whole(HttpRequest request) throws IOException, InterruptedException {
    String host = request.uri().getHost();
    CompletableFuture<HttpResponse<byte[]>> answer =
        client.sendAsync(
            request,
            HttpResponse.BodyHandlers.limiting(
                HttpResponse.BodyHandlers.ofByteArray(), MOST_BYTES));
    try {
      return answer.get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new IOException(
          "%s gave no whole answer in %d ms".formatted(host, patience.toMillis()), e);
    } catch (ExecutionException e) {
      throw new IOException("%s gave no answer: %s".formatted(host, e.getCause()), e);
    } finally {
      answer.cancel(true); // closes the connection where an answer is still to come
    }
  }
}
