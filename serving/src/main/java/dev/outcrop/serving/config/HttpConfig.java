package dev.outcrop.serving.config;

import java.time.Duration;

/**
 * The port of the API.
 *
 * @param host the address to bind; anything but loopback needs a key file
 * @param port the port, 0 for any free one
 * @param maxBody the largest request body
 * @param maxRequests the most requests that are in at once; more are refused with 429
 * @param maxConnections the most connections
 * @param idleTimeout how long a connection without a request stays open
 */
public record HttpConfig(
    String host,
    int port,
    ByteSize maxBody,
    int maxRequests,
    int maxConnections,
    Duration idleTimeout) {
  /** Loopback; the largest body that the API allows fits. */
  public static final HttpConfig DEFAULT =
      new HttpConfig(
          "127.0.0.1", 8_080, ByteSize.megabytes(25), 1_024, 4_096, Duration.ofMinutes(5));

  /** The highest port. */
  public static final int MAX_PORT = 65_535;

  /** Checks the values. */
  public HttpConfig {
    Check.that(!host.isBlank(), "host must not be empty");
    Check.range("port", port, 0, MAX_PORT);
    Check.range("max-body", maxBody.bytes(), 1_024, 1L << 30);
    Check.range("max-requests", maxRequests, 1, 1_000_000);
    Check.range("max-connections", maxConnections, 1, 1_000_000);
    Check.that(idleTimeout.isPositive(), "idle-timeout must be positive");
  }

  /** The same with another address. */
  public HttpConfig withHost(String other) {
    return new HttpConfig(other, port, maxBody, maxRequests, maxConnections, idleTimeout);
  }

  /** The same with another port. */
  public HttpConfig withPort(int other) {
    return new HttpConfig(host, other, maxBody, maxRequests, maxConnections, idleTimeout);
  }
}
