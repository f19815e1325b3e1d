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
 * @param requestTimeout how long a request may take to arrive, its body included, and how long a
 *     new connection may send nothing
 * @param writeTimeout how long a client may leave unread what is written to it
 * @param connectionAge when a connection is to end, give or take a fifth, so that clients spread
 *     over replicas that are new; 0 for never. What is open on it goes on
 * @param bodyMemory memory for the bodies of all requests that are in, 0 for a sixteenth of the
 *     heap; more are refused with 429
 * @param tls the certificate, where it speaks TLS
 */
public record HttpConfig(
    String host,
    int port,
    ByteSize maxBody,
    int maxRequests,
    int maxConnections,
    Duration idleTimeout,
    Duration requestTimeout,
    Duration writeTimeout,
    Duration connectionAge,
    ByteSize bodyMemory,
    TlsConfig tls) {
  /** Loopback; the largest body that the API allows fits. */
  public static final HttpConfig DEFAULT =
      new HttpConfig(
          "127.0.0.1",
          8_080,
          ByteSize.megabytes(25),
          1_024,
          4_096,
          Duration.ofMinutes(5),
          Duration.ofMinutes(1),
          Duration.ofSeconds(30),
          Duration.ofMinutes(10),
          new ByteSize(0),
          TlsConfig.DEFAULT);

  /** The highest port. */
  public static final int MAX_PORT = 65_535;

  private static final int HEAP_PART = 16;

  /** Checks the values. */
  public HttpConfig {
    Check.that(!host.isBlank(), "host must not be empty");
    Check.range("port", port, 0, MAX_PORT);
    Check.range("max-body", maxBody.bytes(), 1_024, 1L << 30);
    Check.range("max-requests", maxRequests, 1, 1_000_000);
    Check.range("max-connections", maxConnections, 1, 1_000_000);
    Check.that(idleTimeout.isPositive(), "idle-timeout must be positive");
    Check.that(requestTimeout.isPositive(), "request-timeout must be positive");
    Check.that(writeTimeout.isPositive(), "write-timeout must be positive");
    Check.that(!connectionAge.isNegative(), "connection-age must not be negative");
    Check.that(
        bodyMemory.bytes() == 0 || bodyMemory.bytes() >= least(maxBody),
        "body-memory must be 0 or at least twice max-body");
  }

  /** The memory for bodies, in bytes: as configured, or what suits the heap. */
  public long bodyBytes() {
    long part = Runtime.getRuntime().maxMemory() / HEAP_PART;
    return bodyMemory.bytes() > 0 ? bodyMemory.bytes() : Math.max(part, least(maxBody));
  }

  /** A body that comes as one chunk is there twice for a moment. */
  private static long least(ByteSize maxBody) {
    return 2 * maxBody.bytes();
  }

  /** The same with another address. */
  public HttpConfig withHost(String other) {
    return with(other, port, tls);
  }

  /** The same with another port. */
  public HttpConfig withPort(int other) {
    return with(host, other, tls);
  }

  /** The same with another certificate. */
  public HttpConfig withTls(TlsConfig other) {
    return with(host, port, other);
  }

  private HttpConfig with(String otherHost, int otherPort, TlsConfig otherTls) {
    return new HttpConfig(
        otherHost,
        otherPort,
        maxBody,
        maxRequests,
        maxConnections,
        idleTimeout,
        requestTimeout,
        writeTimeout,
        connectionAge,
        bodyMemory,
        otherTls);
  }
}
