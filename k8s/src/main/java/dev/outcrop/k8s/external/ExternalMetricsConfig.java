package dev.outcrop.k8s.external;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Where and how kube-apiserver is answered; always over TLS.
 *
 * @param host the address to listen on
 * @param port the port; 0 takes a free one
 * @param certificateFile the server's certificate and those between it and its root, in PEM; null
 *     for one that signs itself, which an APIService accepts only with {@code
 *     insecureSkipTLSVerify}
 * @param keyFile its private key, in PEM
 * @param reload how often the two files are looked at for new ones
 * @param namespace the namespace whose autoscalers find metrics; null for all
 * @param window over how long a value was observed, as the API wants told
 * @param trustReload how often it is asked anew which clients kube-apiserver may be
 */
public record ExternalMetricsConfig(
    String host,
    int port,
    @Nullable Path certificateFile,
    @Nullable Path keyFile,
    Duration reload,
    @Nullable String namespace,
    Duration window,
    Duration trustReload) {
  /** On the port that aggregated API servers have, with a certificate that signs itself. */
  public static final ExternalMetricsConfig DEFAULT =
      new ExternalMetricsConfig(
          "0.0.0.0",
          6_443,
          null,
          null,
          Duration.ofSeconds(10),
          null,
          Duration.ofSeconds(15),
          Duration.ofMinutes(1));

  /** Checks the values. */
  public ExternalMetricsConfig {
    if ((certificateFile == null) != (keyFile == null)) {
      throw new IllegalArgumentException(
          "external-metrics.key-file must be given where external-metrics.certificate-file is, and"
              + " only there");
    }
    if (!reload.isPositive() || !trustReload.isPositive() || window.isNegative()) {
      throw new IllegalArgumentException(
          "external-metrics: reload and trustReload must be positive, window not negative");
    }
  }

  /** The same at another address. */
  public ExternalMetricsConfig withAddress(String other, int otherPort) {
    return new ExternalMetricsConfig(
        other, otherPort, certificateFile, keyFile, reload, namespace, window, trustReload);
  }

  /** The same with a certificate. */
  public ExternalMetricsConfig withCertificate(Path certificate, Path key) {
    return new ExternalMetricsConfig(
        host, port, certificate, key, reload, namespace, window, trustReload);
  }

  /** The same for one namespace and readings of so long. */
  public ExternalMetricsConfig withMetrics(@Nullable String of, Duration over) {
    return new ExternalMetricsConfig(
        host, port, certificateFile, keyFile, reload, of, over, trustReload);
  }
}
