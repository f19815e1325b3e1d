package dev.outcrop.serving.config;

/** Checks of values in a config; what fails names the key. */
final class Check {
  private Check() {}

  static void range(String key, long value, long min, long max) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(
          "%s must be between %d and %d, was %d".formatted(key, min, max, value));
    }
  }

  static void that(boolean ok, String message) {
    if (!ok) {
      throw new IllegalArgumentException(message);
    }
  }
}
