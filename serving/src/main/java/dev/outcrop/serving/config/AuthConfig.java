package dev.outcrop.serving.config;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Who may use the API. Without either file the server binds loopback only and everybody there may.
 *
 * @param keyFile the keys, one a line: {@code SHA256-HEX TENANT WEIGHT TIER}
 * @param policyFile principals with their keys, models and quotas, in place of {@code keyFile}; its
 *     form is {@link PolicyConfig}
 */
public record AuthConfig(@Nullable Path keyFile, @Nullable Path policyFile) {
  /** No keys. */
  public static final AuthConfig DEFAULT = new AuthConfig(null);

  /** Checks that only one of the files is there. */
  public AuthConfig {
    Check.that(
        keyFile == null || policyFile == null, "policy-file must not be there beside key-file");
  }

  /** A key file, or none. */
  public AuthConfig(@Nullable Path keyFile) {
    this(keyFile, null);
  }

  /** A policy file. */
  public static AuthConfig policy(Path policyFile) {
    return new AuthConfig(null, policyFile);
  }

  /** The same with relative paths taken from a folder. */
  AuthConfig resolvedAgainst(Path folder) {
    return new AuthConfig(
        keyFile == null ? null : folder.resolve(keyFile),
        policyFile == null ? null : folder.resolve(policyFile));
  }
}
