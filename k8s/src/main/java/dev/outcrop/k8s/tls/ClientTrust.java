package dev.outcrop.k8s.tls;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Which clients' certificates are trusted: those that an authority signed, and which it is may
 * change. Safe on any thread.
 */
public final class ClientTrust extends ClientsOnly implements AutoCloseable {
  private final Supplier<X509ExtendedTrustManager> now;
  private final @Nullable Looks looks;

  private ClientTrust(Supplier<X509ExtendedTrustManager> now, @Nullable Looks looks) {
    this.now = now;
    this.looks = looks;
  }

  /**
   * Reads the authorities' certificates from a PEM file and begins to watch it.
   *
   * @throws IllegalArgumentException where it cannot be used; it names the file
   */
  public static ClientTrust open(Path file, Duration reload) {
    Mounted<X509ExtendedTrustManager> mounted =
        new Mounted<>(List.of(file), contents -> trusting(contents.getFirst()));
    return new ClientTrust(
        mounted::get, Looks.every(reload, "outcrop-client-authorities", mounted::look));
  }

  /**
   * Trusts what authorities in a PEM text signed.
   *
   * @throws IllegalArgumentException where it holds none; it quotes nothing
   */
  public static ClientTrust of(String authorities) {
    X509ExtendedTrustManager fixed = trusting(authorities.getBytes(StandardCharsets.US_ASCII));
    return new ClientTrust(() -> fixed, null);
  }

  /** Whether a client that showed a chain, and proved to hold its key, is trusted. */
  public boolean trusts(List<X509Certificate> chain) {
    try {
      checkClientTrusted(
          chain.toArray(X509Certificate[]::new), chain.getFirst().getPublicKey().getAlgorithm());
      return true;
    } catch (CertificateException e) {
      return false;
    }
  }

  /** Stops watching. */
  @Override
  public void close() {
    if (looks != null) {
      looks.close();
    }
  }

  private static X509ExtendedTrustManager trusting(byte[] pem) {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      int number = 0;
      for (X509Certificate authority : Pem.certificates(pem)) {
        store.setCertificateEntry(Integer.toString(number++), authority);
      }
      TrustManagerFactory factory =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      factory.init(store);
      for (TrustManager manager : factory.getTrustManagers()) {
        if (manager instanceof X509ExtendedTrustManager trust) {
          return trust;
        }
      }
      throw new IllegalStateException("Java checks certificates otherwise than it did");
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalArgumentException("the authorities cannot be used", e);
    }
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
    now.get().checkClientTrusted(chain, type);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
      throws CertificateException {
    now.get().checkClientTrusted(chain, type, socket);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
      throws CertificateException {
    now.get().checkClientTrusted(chain, type, engine);
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return now.get().getAcceptedIssuers();
  }
}
