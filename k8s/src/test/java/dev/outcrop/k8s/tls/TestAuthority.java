package dev.outcrop.k8s.tls;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/** Signs certificates for tests. */
public final class TestAuthority {
  private static final Duration DAY = Duration.ofDays(1);

  private final Credentials own;

  public TestAuthority(String name) {
    own = new NewCertificate(name, true, List.of(), yesterday(), DAY.multipliedBy(2)).selfSigned();
  }

  /** A certificate with its key. */
  public static final class Issued {
    private final Credentials credentials;

    private Issued(Credentials credentials) {
      this.credentials = credentials;
    }

    public X509Certificate certificate() {
      return credentials.chain.getFirst();
    }

    public PrivateKey key() {
      return credentials.key;
    }

    public String certificatePem() {
      return pem("CERTIFICATE", encoded(certificate()));
    }

    public String keyPem() {
      return pem("PRIVATE KEY", key().getEncoded());
    }

    /** Writes tls.crt and tls.key to a folder, as a Secret is mounted. */
    public Issued write(Path folder) throws IOException {
      Files.writeString(folder.resolve("tls.crt"), certificatePem());
      Files.writeString(folder.resolve("tls.key"), keyPem());
      return this;
    }
  }

  /** One for a server on this machine. */
  public Issued server() {
    return new Issued(
        new NewCertificate(
                "server", false, List.of("localhost", "127.0.0.1"), yesterday(), twoDays())
            .signedBy(own));
  }

  /** One for a client. */
  public Issued client(String name) {
    return new Issued(
        new NewCertificate(name, false, List.of(), yesterday(), twoDays()).signedBy(own));
  }

  /** One for a client that was valid once. */
  public Issued formerClient(String name) {
    return new Issued(
        new NewCertificate(name, false, List.of(), yesterday(), Duration.ofHours(1)).signedBy(own));
  }

  /** The authority's own certificate. */
  public String pem() {
    return pem("CERTIFICATE", encoded(own.chain.getFirst()));
  }

  /** What a client starts TLS with that trusts this authority, or nobody's name but this. */
  public SSLContext clientContext(@Nullable Issued shown) {
    try {
      KeyStore trusted = KeyStore.getInstance("PKCS12");
      trusted.load(null, null);
      trusted.setCertificateEntry("authority", own.chain.getFirst());
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(trusted);
      return context(shown, trust.getTrustManagers());
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What a client starts TLS with that looks at no certificate, as kube-aggregator may. */
  public static SSLContext trustingContext(@Nullable Issued shown) {
    try {
      return context(shown, new TrustManager[] {new Trusting()});
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static SSLContext context(@Nullable Issued shown, TrustManager[] trust)
      throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    if (shown != null) {
      store.setKeyEntry(
          "own", shown.key(), new char[0], new X509Certificate[] {shown.certificate()});
    }
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, new char[0]);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trust, null);
    return context;
  }

  private static Instant yesterday() {
    return Instant.now().minus(DAY);
  }

  private static Duration twoDays() {
    return DAY.multipliedBy(2);
  }

  private static byte[] encoded(X509Certificate certificate) {
    try {
      return certificate.getEncoded();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  static String pem(String label, byte[] bytes) {
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n"
        .formatted(label, Base64.getMimeEncoder().encodeToString(bytes), label);
  }

  private static final class Trusting extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, java.net.Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, java.net.Socket socket) {}

    @Override
    public void checkClientTrusted(
        X509Certificate[] chain, String type, javax.net.ssl.SSLEngine engine) {}

    @Override
    public void checkServerTrusted(
        X509Certificate[] chain, String type, javax.net.ssl.SSLEngine engine) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
