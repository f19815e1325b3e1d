package dev.outcrop.serving.config;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * TLS on the port of the API. With both files it speaks TLS 1.3 only, without them cleartext.
 *
 * @param certificateFile the certificate and those between it and its root, in PEM
 * @param keyFile its private key, in PEM
 * @param reload how often the files are looked at for a new pair
 */
public record TlsConfig(@Nullable Path certificateFile, @Nullable Path keyFile, Duration reload) {
  /** Cleartext. */
  public static final TlsConfig DEFAULT = new TlsConfig(null, null, Duration.ofSeconds(10));

  /** Checks the values. */
  public TlsConfig {
    Check.that(
        (certificateFile == null) == (keyFile == null),
        "key-file must be given where certificate-file is, and only there");
    Check.that(reload.isPositive(), "reload must be positive");
  }

  /** Whether the port speaks TLS. */
  public boolean enabled() {
    return certificateFile != null;
  }

  /** The same with relative paths taken from a folder. */
  TlsConfig resolvedAgainst(Path folder) {
    return certificateFile == null || keyFile == null
        ? this
        : new TlsConfig(folder.resolve(certificateFile), folder.resolve(keyFile), reload);
  }
}
