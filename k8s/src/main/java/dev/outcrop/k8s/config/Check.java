package dev.outcrop.k8s.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What values have to be; each message starts with the key. */
final class Check {
  /** A name of Kubernetes: an RFC 1123 subdomain. */
  private static final Pattern NAME =
      Pattern.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*");

  private static final int LONGEST_NAME = 253;
  private static final int MAX_PORT = 65_535;

  private Check() {}

  /** The binding leaves null where the file has no value. */
  static <T> T required(@Nullable T value, String key) {
    if (value == null) {
      throw new IllegalArgumentException(key + " is required");
    }
    return value;
  }

  static void name(@Nullable String value, String key) {
    if (required(value, key).length() > LONGEST_NAME || !NAME.matcher(value).matches()) {
      throw new IllegalArgumentException(
          "%s must be a name of Kubernetes (a-z, 0-9, '-' and '.'), was '%s'"
              .formatted(key, value));
    }
  }

  static void host(@Nullable String value) {
    if (required(value, "host").isBlank()) {
      throw new IllegalArgumentException("host must not be empty");
    }
  }

  static void port(int value, String key) {
    between(value, 0, MAX_PORT, key);
  }

  static void between(int value, int least, int most, String key) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          "%s must be between %d and %d, was %d".formatted(key, least, most, value));
    }
  }

  static void between(@Nullable Duration value, Duration least, Duration most, String key) {
    Duration given = required(value, key);
    if (given.compareTo(least) < 0 || given.compareTo(most) > 0) {
      throw new IllegalArgumentException(
          "%s must be between %d ms and %d ms, was %d ms"
              .formatted(key, least.toMillis(), most.toMillis(), given.toMillis()));
    }
  }

  static void together(@Nullable Path certificate, @Nullable Path key) {
    if ((certificate == null) != (key == null)) {
      throw new IllegalArgumentException("certificate-file and key-file belong together");
    }
  }
}
