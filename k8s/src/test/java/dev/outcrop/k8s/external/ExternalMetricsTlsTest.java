package dev.outcrop.k8s.external;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.k8s.testing.Await;
import dev.outcrop.k8s.testing.FakeSource;
import dev.outcrop.k8s.tls.TestAuthority;
import dev.outcrop.k8s.tls.TestAuthority.Issued;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Certificates of both sides, and what happens when they change. */
final class ExternalMetricsTlsTest {
  private static final TestAuthority FRONT_PROXY = new TestAuthority("front-proxy-ca");
  private static final Duration SOON = Duration.ofMillis(10);
  private static final Duration NEVER = Duration.ofHours(1);

  private final TestAuthority authority = new TestAuthority("service-ca");
  private final FakeSource source = new FakeSource("demo");
  private final FakeCluster cluster = new FakeCluster(FRONT_PROXY.pem());
  @TempDir private Path folder;

  private ExternalMetrics start(Duration reload, Duration trustReload) {
    return ExternalMetrics.start(
        new ExternalMetricsConfig(
            "127.0.0.1",
            0,
            folder.resolve("tls.crt"),
            folder.resolve("tls.key"),
            reload,
            null,
            Duration.ofSeconds(15),
            trustReload),
        source,
        cluster);
  }

  @Test
  void takesNewCertificateWithoutRestart() throws Exception {
    Issued first = authority.server().write(folder);
    try (ExternalMetrics server = start(SOON, NEVER);
        ApiServer api =
            new ApiServer(
                server.port(), authority.clientContext(FRONT_PROXY.client("front-proxy-client")))) {
      assertThat(ApiServer.certificateAt(server.port())).isEqualTo(first.certificate());
      assertThat(api.probe().join().status()).isEqualTo(200);

      Issued next = authority.server().write(folder);
      Await.until(() -> shows(server, next));

      assertThat(api.probe().join().status()).isEqualTo(200);
    }
  }

  private static boolean shows(ExternalMetrics server, Issued issued) {
    try {
      return ApiServer.certificateAt(server.port()).equals(issued.certificate());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void signsItselfWhereNoCertificateIsGiven() throws Exception {
    try (ExternalMetrics server =
            ExternalMetrics.start(
                ExternalMetricsConfig.DEFAULT.withAddress("127.0.0.1", 0), source, cluster);
        ApiServer api = new ApiServer(server.port(), FRONT_PROXY.client("front-proxy-client"))) {
      var shown = ApiServer.certificateAt(server.port());

      shown.verify(shown.getPublicKey());
      shown.checkValidity();
      assertThat(shown.getSubjectX500Principal().getName()).isEqualTo("CN=outcrop-signals");
      assertThat(api.probe().join().status()).isEqualTo(200);
    }
  }

  @Test
  void learnsNewFrontProxyAuthority() throws Exception {
    authority.server().write(folder);
    TestAuthority next = new TestAuthority("front-proxy-ca-2");
    try (ExternalMetrics server = start(NEVER, SOON);
        ApiServer old = new ApiServer(server.port(), FRONT_PROXY.client("front-proxy-client"));
        ApiServer young = new ApiServer(server.port(), next.client("front-proxy-client"))) {
      assertThat(old.probe().join().status()).isEqualTo(200);
      assertThat(young.probe().join().status()).isEqualTo(401);

      cluster.data = FakeCluster.configMap(FRONT_PROXY.pem() + next.pem());
      Await.until(() -> young.probe().join().status() == 200);
      assertThat(old.probe().join().status()).isEqualTo(200);

      cluster.data = FakeCluster.configMap(next.pem());
      Await.until(() -> old.probe().join().status() == 401);
      cluster.broken = true;
      assertThat(young.probe().join().status()).isEqualTo(200);
    }
  }

  @Test
  void refusesAllUntilItIsKnownWhoMayAsk() throws Exception {
    authority.server().write(folder);
    Map<String, String> whole = cluster.data;
    cluster.data = new HashMap<>();
    try (ExternalMetrics server = start(NEVER, SOON);
        ApiServer api = new ApiServer(server.port(), FRONT_PROXY.client("front-proxy-client"))) {
      assertThat(api.probe().join().status()).isEqualTo(401);
      assertThat(api.send(api.request("/readyz")).status()).isEqualTo(503);
      assertThat(api.send(api.request("/livez")).status()).isEqualTo(200);

      cluster.data = whole;

      Await.until(() -> api.probe().join().status() == 200);
      assertThat(api.send(api.request("/readyz")).status()).isEqualTo(200);
    }
  }

  @Test
  void refusesOldTls() throws Exception {
    authority.server().write(folder);
    try (ExternalMetrics server = start(NEVER, NEVER);
        SSLSocket socket =
            (SSLSocket)
                authority
                    .clientContext(null)
                    .getSocketFactory()
                    .createSocket("127.0.0.1", server.port())) {
      socket.setEnabledProtocols(new String[] {"TLSv1.2"});
      assertThatThrownBy(socket::startHandshake).isInstanceOf(SSLException.class);
    }
  }

  @Test
  void doesNotStartWithoutAPair() throws IOException {
    authority.server().write(folder);
    Files.writeString(folder.resolve("tls.key"), authority.server().keyPem());

    assertThatThrownBy(() -> start(NEVER, NEVER))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(folder.resolve("tls.key").toString())
        .hasMessageContaining("the key does not belong to the certificate");
  }

  @Test
  void namesThePortThatIsTaken() throws IOException {
    authority.server().write(folder);
    try (ExternalMetrics server = start(NEVER, NEVER)) {
      assertThatThrownBy(
              () ->
                  ExternalMetrics.start(
                      ExternalMetricsConfig.DEFAULT.withAddress("127.0.0.1", server.port()),
                      source,
                      cluster))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage(
              "cannot listen on 127.0.0.1 port %d for external metrics".formatted(server.port()));
    }
  }
}
