package dev.outcrop.k8s.keda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.k8s.testing.Await;
import dev.outcrop.k8s.testing.FakeSource;
import dev.outcrop.k8s.tls.TestAuthority;
import dev.outcrop.k8s.tls.TestAuthority.Issued;
import io.grpc.ChannelCredentials;
import io.grpc.InsecureChannelCredentials;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** TLS between KEDA and the scaler: {@code enableTLS}, {@code caCert}, {@code tlsClientCert}. */
final class KedaTlsTest {
  private static final Duration SOON = Duration.ofMillis(10);
  private static final TestAuthority CLIENTS = new TestAuthority("keda-ca");

  private final TestAuthority authority = new TestAuthority("service-ca");
  private final FakeSource source = new FakeSource("demo");
  @TempDir private Path folder;

  @BeforeEach
  void write() throws IOException {
    authority.server().write(folder);
    Files.writeString(folder.resolve("ca.crt"), CLIENTS.pem());
    source.conclude("demo", 3, true);
  }

  private KedaScaler start(@Nullable Path clientCa) {
    return KedaScaler.start(
        new KedaConfig(
            "127.0.0.1",
            0,
            folder.resolve("tls.crt"),
            folder.resolve("tls.key"),
            clientCa,
            SOON,
            10),
        source);
  }

  private static KedaClient client(KedaScaler scaler, ChannelCredentials credentials) {
    return new KedaClient(
        NettyChannelBuilder.forAddress("localhost", scaler.port(), credentials).build(),
        Map.of("model", "demo"));
  }

  private static ChannelCredentials tls(TestAuthority trusted, @Nullable Issued shown) {
    try {
      var builder = TlsChannelCredentials.newBuilder().trustManager(stream(trusted.pem()));
      return shown == null
          ? builder.build()
          : builder.keyManager(stream(shown.certificatePem()), stream(shown.keyPem())).build();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static InputStream stream(String text) {
    return new ByteArrayInputStream(text.getBytes(StandardCharsets.US_ASCII));
  }

  @Test
  void speaksTlsAndNothingElse() {
    try (KedaScaler scaler = start(null);
        KedaClient keda = client(scaler, tls(authority, null));
        KedaClient clear = client(scaler, InsecureChannelCredentials.create());
        KedaClient distrusting = client(scaler, tls(CLIENTS, null))) {
      assertThat(keda.poll().replicas()).isEqualTo(3);
      assertThatThrownBy(clear::poll).isInstanceOf(StatusRuntimeException.class);
      assertThatThrownBy(distrusting::poll).isInstanceOf(StatusRuntimeException.class);
    }
  }

  @Test
  void answersOnlyClientsOfTheAuthority() {
    Issued foreign = new TestAuthority("keda-ca").client("keda");
    try (KedaScaler scaler = start(folder.resolve("ca.crt"));
        KedaClient keda = client(scaler, tls(authority, CLIENTS.client("keda")));
        KedaClient nobody = client(scaler, tls(authority, null));
        KedaClient stranger = client(scaler, tls(authority, foreign));
        KedaClient former = client(scaler, tls(authority, CLIENTS.formerClient("keda")))) {
      assertThat(keda.poll().replicas()).isEqualTo(3);
      for (KedaClient refused : new KedaClient[] {nobody, stranger, former}) {
        assertThatThrownBy(refused::poll).isInstanceOf(StatusRuntimeException.class);
      }
    }
  }

  @Test
  void takesNewCertificateAndAuthorityWithoutRestart() throws Exception {
    TestAuthority next = new TestAuthority("service-ca-2");
    TestAuthority nextClients = new TestAuthority("keda-ca-2");
    Issued keda = nextClients.client("keda");
    try (KedaScaler scaler = start(folder.resolve("ca.crt"));
        KedaClient old = client(scaler, tls(authority, CLIENTS.client("keda")))) {
      assertThat(old.poll().active()).isTrue();
      var stream = old.stream();
      stream.next();

      next.server().write(folder);
      Files.writeString(folder.resolve("ca.crt"), nextClients.pem());

      Await.until(() -> answers(scaler, tls(next, keda)));
      assertThat(answers(scaler, tls(authority, CLIENTS.client("keda")))).isFalse();
      source.conclude("demo", 0, false);
      assertThat(stream.next().getResult()).isFalse();
    }
  }

  private static boolean answers(KedaScaler scaler, ChannelCredentials credentials) {
    try (KedaClient client = client(scaler, credentials)) {
      return client.poll().replicas() >= 0;
    } catch (StatusRuntimeException e) {
      return false;
    }
  }

  @Test
  void doesNotStartWithBadFiles() throws IOException {
    Files.writeString(folder.resolve("ca.crt"), "");

    assertThatThrownBy(() -> start(folder.resolve("ca.crt")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("ca.crt")
        .hasMessageContaining("holds no certificate");
    assertThat(source.listeners()).isZero();
  }

  @Test
  void namesSettingsThatDoNotGoTogether() {
    Path file = folder.resolve("tls.crt");

    assertThatThrownBy(() -> new KedaConfig("127.0.0.1", 0, file, null, null, SOON, 1))
        .hasMessageContaining("scaler.key-file");
    assertThatThrownBy(() -> new KedaConfig("127.0.0.1", 0, null, null, file, SOON, 1))
        .hasMessageContaining("scaler.client-ca-file needs scaler.certificate-file");
  }
}
