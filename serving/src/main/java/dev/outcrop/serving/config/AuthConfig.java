package dev.outcrop.serving.config;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Who may use the API. Without either file the server binds loopback only and everybody there may.
 *
 * @param keyFile the keys, one a line: {@code SHA256-HEX TENANT WEIGHT TIER}
 * @param policyFile principals with their keys, models and quotas, in place of {@code keyFile}; its
 *     form is {@link PolicyConfig}
 * @param replicasFile a file with one whole number: the replicas that share the quotas of the
 *     policy
 */
public record AuthConfig(
    @Nullable Path keyFile, @Nullable Path policyFile, @Nullable Path replicasFile) {
  /** No keys. */
  public static final AuthConfig DEFAULT = new AuthConfig(null, null, null);

  /** Checks that only one of the files is there. */
  public AuthConfig {
    Check.that(
        keyFile == null || policyFile == null, "policy-file must not be there beside key-file");
  }

  /** A key file, or none. */
  public AuthConfig(@Nullable Path keyFile) {
    this(keyFile, null, null);
  }

  /** A policy file. */
  public static AuthConfig policy(Path policyFile) {
    return new AuthConfig(null, policyFile, null);
  }

  /** The same with other files of credentials. */
  public AuthConfig with(@Nullable Path otherKeyFile, @Nullable Path otherPolicyFile) {
    return new AuthConfig(otherKeyFile, otherPolicyFile, replicasFile);
  }

  /** The same with a file that tells of replicas. */
  public AuthConfig withReplicas(Path file) {
    return new AuthConfig(keyFile, policyFile, file);
  }

  /** The same with relative paths taken from a folder. */
  AuthConfig resolvedAgainst(Path folder) {
    return new AuthConfig(
        keyFile == null ? null : folder.resolve(keyFile),
        policyFile == null ? null : folder.resolve(policyFile),
        replicasFile == null ? null : folder.resolve(replicasFile));
  }
}
