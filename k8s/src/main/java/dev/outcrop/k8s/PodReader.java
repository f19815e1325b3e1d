package dev.outcrop.k8s;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** Reads the signals of serving pods from their management ports. Safe for any thread. */
public final class PodReader implements AutoCloseable {
  /** A page has some tens of kilobytes; what is longer is none. */
  private static final long MOST_BYTES = 8L * 1_024 * 1_024;

  private final HttpClient http;
  private final Duration timeout;

  /** Creates a reader that gives a pod so long to answer. */
  public PodReader(Duration timeout) {
    this.timeout = timeout;
    this.http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(timeout)
            .build();
  }

  /**
   * Asks one pod.
   *
   * @param management the pod's management address, such as {@code http://10.0.0.7:8081}
   * @param model the model's id
   * @throws IOException where the pod does not answer or answers something else
   */
  public PodSignals read(URI management, String model) throws IOException, InterruptedException {
    HttpResponse<String> response =
        http.send(
            HttpRequest.newBuilder(management.resolve("/metrics")).timeout(timeout).build(),
            HttpResponse.BodyHandlers.limiting(HttpResponse.BodyHandlers.ofString(), MOST_BYTES));
    if (response.statusCode() != 200) {
      throw new IOException("the pod answered /metrics with status " + response.statusCode());
    }
    try {
      return PodSignals.parse(response.body(), model);
    } catch (IllegalArgumentException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    http.close();
  }
}
