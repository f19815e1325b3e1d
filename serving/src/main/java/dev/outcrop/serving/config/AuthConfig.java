package dev.outcrop.serving.config;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Who may use the API.
 *
 * @param keyFile the keys, one a line: {@code SHA256-HEX TENANT WEIGHT TIER}; without one the
 *     server binds loopback only and everybody there may
 */
public record AuthConfig(@Nullable Path keyFile) {
  /** No keys. */
  public static final AuthConfig DEFAULT = new AuthConfig(null);
}
