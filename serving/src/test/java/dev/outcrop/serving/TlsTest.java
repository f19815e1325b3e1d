package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.config.TlsConfig;
import dev.outcrop.serving.testing.Await;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.TestCertificate;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** TLS on the port of the API: both protocols, what is refused, and certificates that change. */
final class TlsTest {
  private static final String HI =
      "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}";

  private final TestCertificate certificate = new TestCertificate();
  @TempDir private Path folder;
  private TestServer server;

  @BeforeEach
  void start() throws IOException {
    certificate.write(folder);
    server = start(Duration.ofMillis(10), settings -> {});
  }

  private TestServer start(Duration reload, Consumer<TestServer.HttpSettings> change) {
    return new TestServer(
        request -> "0123456789".repeat(request.prompt().length > 100 ? 10_000 : 1),
        TestServer.http(
            settings -> {
              settings.tls =
                  new TlsConfig(folder.resolve("tls.crt"), folder.resolve("tls.key"), reload);
              change.accept(settings);
            }));
  }

  /** A server that waits for nobody. */
  private void startImpatient() {
    server.close();
    server =
        start(
            Duration.ofHours(1),
            settings -> {
              settings.maxRequests = 1;
              settings.requestTimeout = Duration.ofSeconds(2);
              settings.writeTimeout = Duration.ofSeconds(2);
            });
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @ParameterizedTest
  @EnumSource
  void speaksBothProtocolsOnOnePort(HttpClient.Version version) throws Exception {
    try (HttpClient client = client(certificate, version)) {
      for (String operation : new String[] {"converse", "converse-stream"}) {
        HttpResponse<String> response = client.send(request(operation), text());

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.version()).isEqualTo(version);
        assertThat(response.body())
            .contains(operation.equals("converse") ? "0123456789" : "messageStop");
        assertThat(response.sslSession().orElseThrow().getProtocol()).isEqualTo("TLSv1.3");
      }
    }
  }

  @Test
  void endpointSaysThatItIsTls() {
    assertThat(server.endpoint()).hasScheme("https");
  }

  @Test
  void prefersHttp2AndTakesClientsThatOfferNothing() throws IOException {
    try (SSLSocket both = certificate.connect(server.server.port(), "http/1.1", "h2");
        SSLSocket none = certificate.connect(server.server.port())) {
      assertThat(both.getApplicationProtocol()).isEqualTo("h2");
      assertThat(none.getApplicationProtocol()).isEmpty();
      RawHttp http = new RawHttp(none);
      http.write(RawHttp.request("POST", "/model/demo/converse", HI, ""));
      assertThat(http.response().status()).isEqualTo(200);
    }
  }

  @Test
  void refusesClientThatOffersNeither() {
    assertThatThrownBy(() -> certificate.connect(server.server.port(), "spdy/1"))
        .isInstanceOf(SSLException.class);
  }

  @Test
  void refusesOlderTls() throws IOException {
    try (SSLSocket socket =
        (SSLSocket)
            certificate
                .trusting()
                .getSocketFactory()
                .createSocket("127.0.0.1", server.server.port())) {
      SSLParameters parameters = socket.getSSLParameters();
      parameters.setProtocols(new String[] {"TLSv1.2"});
      socket.setSSLParameters(parameters);
      assertThatThrownBy(socket::startHandshake)
          .isInstanceOf(SSLException.class)
          .hasMessageContaining("protocol_version");
    }
  }

  @Test
  void saysGoodbyeBeforeItCloses() throws IOException {
    try (RawHttp http = new RawHttp(certificate.connect(server.server.port(), "http/1.1"))) {
      http.write(RawHttp.request("POST", "/model/demo/converse", HI, "Connection: close\r\n"));
      assertThat(http.response().status()).isEqualTo(200);
      // A socket that is closed without close_notify throws here.
      assertThat(http.ended()).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "x",
        "POST /model/demo/converse HTTP/1.1\r\n\r\n",
        "\u0016\u0003\u0001\u0000\u0005\u0001"
      })
  void hangsUpOnClientThatDoesNotShakeHands(String bytes) throws Exception {
    startImpatient();
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(bytes);
      Await.until(
          () -> {
            try {
              return http.ended();
            } catch (IOException e) {
              return true;
            }
          });
    }
    assertThatRequestsAreTaken();
  }

  /** The server waits for the client's last words of the handshake. */
  @Test
  void hangsUpOnClientThatStopsWithinTheHandshake() throws Exception {
    startImpatient();
    byte[] hello = clientHello();
    try (Socket socket = new Socket("127.0.0.1", server.server.port())) {
      socket.setSoTimeout(60_000);
      socket.getOutputStream().write(hello);
      assertThat(socket.getInputStream().readAllBytes()).hasSizeGreaterThan(100);
    }
    assertThatRequestsAreTaken();
  }

  @Test
  void hangsUpOnReaderThatStopsReading() throws Exception {
    startImpatient();
    try (RawHttp http = new RawHttp(certificate.connect(server.server.port(), "http/1.1"))) {
      String longer = HI.replace("hi", "hi ".repeat(100));
      http.write(RawHttp.request("POST", "/model/demo/converse-stream", longer, ""));
      http.readUntil("contentBlockDelta");
      Await.until(() -> server.batcher.open() == 0);
    }
    assertThatRequestsAreTaken();
  }

  @Test
  void takesNewCertificateWithoutRestart() throws Exception {
    TestCertificate next = new TestCertificate();
    try (SSLSocket old = certificate.connect(server.server.port(), "http/1.1")) {
      next.write(folder);
      Await.until(() -> next.certificate.equals(shown()));

      RawHttp http = new RawHttp(old);
      http.write(RawHttp.request("POST", "/model/demo/converse", HI, ""));
      assertThat(http.response().status()).isEqualTo(200);
    }
  }

  @Test
  void doesNotStartWithoutAPair() throws IOException {
    Files.writeString(folder.resolve("tls.key"), new TestCertificate().keyPem());

    assertThatThrownBy(() -> start(Duration.ofHours(1), settings -> {}))
        .isInstanceOf(OutcropException.class)
        .hasMessageContaining("http.tls.key-file")
        .hasMessageContaining("the key does not belong to the certificate");
  }

  private void assertThatRequestsAreTaken() throws Exception {
    Await.until(() -> server.metrics().contains("outcrop_requests_in_flight 0.0"));
    Await.until(this::answers);
  }

  /** Whether a request is answered; the server does not wait for a client that takes its time. */
  private boolean answers() {
    try (HttpClient client = client(certificate, HttpClient.Version.HTTP_2)) {
      return client.send(request("converse"), text()).statusCode() == 200;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** The certificate that a new connection is shown. */
  private X509Certificate shown() {
    try (SSLSocket socket =
        (SSLSocket)
            TestCertificate.trustingAll()
                .getSocketFactory()
                .createSocket("127.0.0.1", server.server.port())) {
      socket.startHandshake();
      return (X509Certificate) socket.getSession().getPeerCertificates()[0];
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private byte[] clientHello() throws Exception {
    var engine = certificate.trusting().createSSLEngine("localhost", 1);
    engine.setUseClientMode(true);
    var out = java.nio.ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
    engine.wrap(java.nio.ByteBuffer.allocate(0), out);
    byte[] hello = new byte[out.flip().remaining()];
    out.get(hello);
    return hello;
  }

  private static HttpClient client(TestCertificate trusted, HttpClient.Version version) {
    return HttpClient.newBuilder().version(version).sslContext(trusted.trusting()).build();
  }

  private HttpRequest request(String operation) {
    return HttpRequest.newBuilder(
            URI.create("https://localhost:" + server.server.port() + "/model/demo/" + operation))
        .timeout(Duration.ofMinutes(1))
        .POST(HttpRequest.BodyPublishers.ofString(HI))
        .build();
  }

  private static HttpResponse.BodyHandler<String> text() {
    return HttpResponse.BodyHandlers.ofString();
  }
}
