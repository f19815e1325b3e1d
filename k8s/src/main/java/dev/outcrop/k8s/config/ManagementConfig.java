package dev.outcrop.k8s.config;

/**
 * The port of probes and metrics.
 *
 * @param host the address to bind
 * @param port the port; 0 for any free one
 */
public record ManagementConfig(String host, int port) {
  /** Checks all; messages start with the key they are about. */
  public ManagementConfig {
    Check.host(host);
    Check.port(port, "port");
  }
}
