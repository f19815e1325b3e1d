package dev.outcrop.serving.config;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The port for probes, metrics and operators.
 *
 * @param host the address to bind
 * @param port the port, 0 for any free one
 * @param adminKey the key that changes state ({@code POST /drain}); without one nobody can
 * @param adminKeyFile a file that holds that key, in place of {@code adminKey}
 * @param vllmMetrics whether metrics are there under the names that vLLM gives them too
 */
public record ManagementConfig(
    String host,
    int port,
    @Nullable Secret adminKey,
    @Nullable Path adminKeyFile,
    boolean vllmMetrics) {
  /** Loopback, no admin key. */
  public static final ManagementConfig DEFAULT = new ManagementConfig("127.0.0.1", 8_081, null);

  /** The fewest characters of an admin key. */
  public static final int MIN_KEY = 16;

  /** Checks the values. */
  public ManagementConfig {
    Check.that(!host.isBlank(), "host must not be empty");
    Check.range("port", port, 0, HttpConfig.MAX_PORT);
    Check.that(
        adminKey == null || adminKey.reveal().length() >= MIN_KEY,
        "admin-key must have at least " + MIN_KEY + " characters");
    Check.that(
        adminKey == null || adminKeyFile == null,
        "admin-key-file must not be there beside admin-key");
  }

  /** A port whose admin key, if any, is not in a file. */
  public ManagementConfig(String host, int port, @Nullable Secret adminKey) {
    this(host, port, adminKey, null);
  }

  /** A port whose metrics have all their names. */
  public ManagementConfig(
      String host, int port, @Nullable Secret adminKey, @Nullable Path adminKeyFile) {
    this(host, port, adminKey, adminKeyFile, true);
  }

  /** The same with another port. */
  public ManagementConfig withPort(int other) {
    return new ManagementConfig(host, other, adminKey, adminKeyFile, vllmMetrics);
  }

  /** The same with a relative path taken from a folder. */
  ManagementConfig resolvedAgainst(Path folder) {
    return adminKeyFile == null
        ? this
        : new ManagementConfig(host, port, adminKey, folder.resolve(adminKeyFile), vllmMetrics);
  }
}
