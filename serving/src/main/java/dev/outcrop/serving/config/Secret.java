package dev.outcrop.serving.config;

/** A text that must not be shown. Its text form is stars, so it cannot reach a log by accident. */
public final class Secret {
  private final String value;

  /** Wraps a text. */
  public Secret(String value) {
    this.value = value;
  }

  /** The text itself. */
  public String reveal() {
    return value;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Secret secret && secret.value.equals(value);
  }

  @Override
  public int hashCode() {
    return value.hashCode();
  }

  @Override
  public String toString() {
    return "***";
  }
}
