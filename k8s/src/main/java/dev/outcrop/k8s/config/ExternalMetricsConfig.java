package dev.outcrop.k8s.config;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The external metrics API, which the cluster's API server forwards to.
 *
 * @param enabled whether it listens
 * @param host the address to bind
 * @param port the port; 0 for any free one
 * @param certificateFile its certificate chain as PEM, or null for one that it signs itself, which
 *     an APIService accepts only with {@code insecureSkipTLSVerify}
 * @param keyFile the private key as PEM
 */
public record ExternalMetricsConfig(
    boolean enabled,
    String host,
    int port,
    @Nullable Path certificateFile,
    @Nullable Path keyFile) {
  /** Checks all; messages start with the key they are about. */
  public ExternalMetricsConfig {
    Check.host(host);
    Check.port(port, "port");
    Check.together(certificateFile, keyFile);
  }
}
