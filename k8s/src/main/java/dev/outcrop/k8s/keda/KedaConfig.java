package dev.outcrop.k8s.keda;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Where and how KEDA is answered.
 *
 * @param host the address to listen on
 * @param port the port; 0 takes a free one
 * @param certificateFile the server's certificate and those between it and its root, in PEM; null
 *     for cleartext
 * @param keyFile its private key, in PEM
 * @param clientCaFile certificates of the authorities that sign clients, in PEM; with it only
 *     clients that show such a certificate are answered
 * @param reload how often the files are looked at for new ones
 * @param maxStreams how many clients may be told of changes at a time
 */
public record KedaConfig(
    String host,
    int port,
    @Nullable Path certificateFile,
    @Nullable Path keyFile,
    @Nullable Path clientCaFile,
    Duration reload,
    int maxStreams) {
  /** Cleartext on KEDA's side of the pod network. */
  public static final KedaConfig DEFAULT =
      new KedaConfig("0.0.0.0", 9_091, null, null, null, Duration.ofSeconds(10), 1_000);

  /** Checks the values. */
  public KedaConfig {
    if ((certificateFile == null) != (keyFile == null)) {
      throw new IllegalArgumentException(
          "scaler.key-file must be given where scaler.certificate-file is, and only there");
    }
    if (clientCaFile != null && certificateFile == null) {
      throw new IllegalArgumentException(
          "scaler.client-ca-file needs scaler.certificate-file: cleartext knows no certificates");
    }
    if (!reload.isPositive() || maxStreams < 1) {
      throw new IllegalArgumentException("scaler: reload and maxStreams must be positive");
    }
  }

  /** The same at another address. */
  public KedaConfig withAddress(String other, int otherPort) {
    return new KedaConfig(
        other, otherPort, certificateFile, keyFile, clientCaFile, reload, maxStreams);
  }

  /** The same with TLS, and with clients' certificates where an authority is given. */
  public KedaConfig withTls(Path certificate, Path key, @Nullable Path clientCa) {
    return new KedaConfig(host, port, certificate, key, clientCa, reload, maxStreams);
  }
}
