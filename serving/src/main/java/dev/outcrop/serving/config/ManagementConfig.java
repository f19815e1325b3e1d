package dev.outcrop.serving.config;

import org.jspecify.annotations.Nullable;

/**
 * The port for probes, metrics and operators.
 *
 * @param host the address to bind
 * @param port the port, 0 for any free one
 * @param adminKey the key that changes state ({@code POST /drain}); without one nobody can
 */
public record ManagementConfig(String host, int port, @Nullable Secret adminKey) {
  /** Loopback, no admin key. */
  public static final ManagementConfig DEFAULT = new ManagementConfig("127.0.0.1", 8_081, null);

  private static final int MIN_KEY = 16;

  /** Checks the values. */
  public ManagementConfig {
    Check.that(!host.isBlank(), "host must not be empty");
    Check.range("port", port, 0, 65_535);
    Check.that(
        adminKey == null || adminKey.reveal().length() >= MIN_KEY,
        "admin-key must have at least " + MIN_KEY + " characters");
  }
}
