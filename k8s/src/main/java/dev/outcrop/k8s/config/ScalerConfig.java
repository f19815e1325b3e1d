package dev.outcrop.k8s.config;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The KEDA external scaler.
 *
 * @param enabled whether it listens
 * @param host the address to bind
 * @param port the port; 0 for any free one
 * @param certificateFile its certificate chain as PEM, or null for cleartext
 * @param keyFile the private key as PEM
 * @param clientCaFile the authorities whose clients may ask, as PEM, or null for everybody
 */
public record ScalerConfig(
    boolean enabled,
    String host,
    int port,
    @Nullable Path certificateFile,
    @Nullable Path keyFile,
    @Nullable Path clientCaFile) {
  /** Checks all; messages start with the key they are about. */
  public ScalerConfig {
    Check.host(host);
    Check.port(port, "port");
    Check.together(certificateFile, keyFile);
    if (clientCaFile != null && certificateFile == null) {
      throw new IllegalArgumentException("client-ca-file needs certificate-file and key-file");
    }
  }
}
