package dev.outcrop.k8s.external;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.k8s.tls.TestAuthority;
import dev.outcrop.k8s.tls.TestAuthority.Issued;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/** Asks as kube-apiserver does when it proxies and when it looks whether the API is available. */
final class ApiServer implements AutoCloseable {
  static final String BASE = "/apis/external.metrics.k8s.io/v1beta1";

  private final HttpClient http;
  private final int port;

  /**
   * A client.
   *
   * @param shown the certificate of the front proxy, if any; the server's is not looked at
   */
  ApiServer(int port, @Nullable Issued shown) {
    this(port, TestAuthority.trustingContext(shown));
  }

  ApiServer(int port, SSLContext context) {
    this.port = port;
    this.http = HttpClient.newBuilder().sslContext(context).build();
  }

  /** An answer with its document. */
  record Reply(int status, String contentType, String body) {
    JsonNode json() {
      try {
        return new ObjectMapper().readTree(body);
      } catch (IOException e) {
        throw new AssertionError(body, e);
      }
    }
  }

  /** A request for a user. */
  HttpRequest.Builder as(String user, String path, String... groups) {
    HttpRequest.Builder builder = request(path).header("X-Remote-User", user);
    for (String group : groups) {
      builder.header("X-Remote-Group", group);
    }
    return builder;
  }

  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("https://localhost:" + port + path))
        .timeout(Duration.ofSeconds(30));
  }

  /** What kube-controller-manager asks for an autoscaler. */
  HttpRequest.Builder read(String metric, @Nullable String selector) {
    String query =
        selector == null
            ? ""
            : "?labelSelector=" + URLEncoder.encode(selector, StandardCharsets.UTF_8);
    return as(
            FakeCluster.AUTOSCALER,
            BASE + "/namespaces/models/" + metric + query,
            "system:serviceaccounts",
            "system:authenticated")
        .header("Accept", "application/vnd.kubernetes.protobuf, */*");
  }

  /** What kube-aggregator asks five times at once, every half minute. */
  CompletableFuture<Reply> probe() {
    return http.sendAsync(
            as("system:kube-aggregator", BASE, "system:masters").build(),
            HttpResponse.BodyHandlers.ofString())
        .thenApply(ApiServer::reply);
  }

  Reply send(HttpRequest.Builder request) throws IOException, InterruptedException {
    return reply(http.send(request.build(), HttpResponse.BodyHandlers.ofString()));
  }

  private static Reply reply(HttpResponse<String> response) {
    return new Reply(
        response.statusCode(),
        response.headers().firstValue("Content-Type").orElse(""),
        response.body());
  }

  /** The certificate that a new connection is shown. */
  static X509Certificate certificateAt(int port) throws IOException {
    try (SSLSocket socket =
        (SSLSocket)
            TestAuthority.trustingContext(null)
                .getSocketFactory()
                .createSocket("127.0.0.1", port)) {
      socket.startHandshake();
      return (X509Certificate) socket.getSession().getPeerCertificates()[0];
    }
  }

  @Override
  public void close() {
    http.close();
  }
}
