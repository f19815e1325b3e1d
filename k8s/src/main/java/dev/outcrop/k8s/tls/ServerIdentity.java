package dev.outcrop.k8s.tls;

import java.net.Socket;
import java.nio.file.Path;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * Who a server says it is: the certificate of the moment, from two files that are looked at now and
 * then, or one that it made for itself. Connections that begin after a change get the new one. Safe
 * on any thread.
 */
public final class ServerIdentity extends X509ExtendedKeyManager implements AutoCloseable {
  private static final Duration SELF_SIGNED_LIFE = Duration.ofDays(3_650);

  /** Clocks of a cluster differ a little. */
  private static final Duration SKEW = Duration.ofHours(1);

  private final @Nullable Mounted<Credentials> files;
  private final @Nullable Looks looks;
  private volatile Generations generations;

  /**
   * The pair of the moment and the one before, which handshakes in progress still name.
   *
   * @param number counts changes; TLS names a pair by it
   */
  private record Generations(int number, Credentials now, Credentials before) {}

  private ServerIdentity(Credentials first, @Nullable Mounted<Credentials> files, Duration reload) {
    this.generations = new Generations(0, first, first);
    this.files = files;
    this.looks =
        files == null ? null : Looks.every(reload, "outcrop-certificates", () -> look(files));
  }

  /**
   * Reads a pair in PEM and begins to watch it.
   *
   * @throws IllegalArgumentException where it cannot be used; it names the files
   */
  public static ServerIdentity open(Path certificateFile, Path keyFile, Duration reload) {
    Mounted<Credentials> files =
        new Mounted<>(
            List.of(certificateFile, keyFile),
            pair -> Credentials.read(pair.getFirst(), pair.getLast(), Instant.now()));
    return new ServerIdentity(files.get(), files, reload);
  }

  /**
   * Makes a certificate that nobody else has signed.
   *
   * @param names DNS names and addresses; the first is its subject
   */
  public static ServerIdentity selfSigned(List<String> names) {
    Credentials own =
        new NewCertificate(
                names.getFirst(), false, names, Instant.now().minus(SKEW), SELF_SIGNED_LIFE)
            .selfSigned();
    return new ServerIdentity(own, null, Duration.ZERO);
  }

  /** Looks at the files at once; for tests. */
  void look() {
    if (files != null) {
      look(files);
    }
  }

  /** Stops watching. */
  @Override
  public void close() {
    if (looks != null) {
      looks.close();
    }
  }

  private synchronized void look(Mounted<Credentials> mounted) {
    if (mounted.look()) {
      generations = new Generations(generations.number + 1, mounted.get(), generations.now);
    }
  }

  private @Nullable String alias(@Nullable String type) {
    Generations all = generations;
    return all.now.type().equals(type) ? Integer.toString(all.number) : null;
  }

  private Credentials named(String alias) {
    Generations all = generations;
    return alias.equals(Integer.toString(all.number)) ? all.now : all.before;
  }

  @Override
  public @Nullable String chooseEngineServerAlias(
      String type, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
    return alias(type);
  }

  @Override
  public @Nullable String chooseServerAlias(
      String type, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return alias(type);
  }

  @Override
  public String @Nullable [] getServerAliases(String type, Principal @Nullable [] issuers) {
    String alias = alias(type);
    return alias == null ? null : new String[] {alias};
  }

  @Override
  public X509Certificate[] getCertificateChain(String alias) {
    return named(alias).chain.toArray(X509Certificate[]::new);
  }

  @Override
  public PrivateKey getPrivateKey(String alias) {
    return named(alias).key;
  }

  /** A server calls nobody. */
  @Override
  public @Nullable String chooseClientAlias(
      String[] types, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return null;
  }

  @Override
  public String @Nullable [] getClientAliases(String type, Principal @Nullable [] issuers) {
    return null;
  }
}
