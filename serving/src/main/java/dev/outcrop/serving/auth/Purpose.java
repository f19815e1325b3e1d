package dev.outcrop.serving.auth;

/**
 * What a request is for, as those know it who count what was used.
 *
 * @param operation the operation that was called, such as {@code Converse}
 * @param feature what the caller says that it belongs to; empty where it does not say
 */
public record Purpose(String operation, String feature) {
  /** A request whose caller does not say what it belongs to. */
  public static Purpose of(String operation) {
    return new Purpose(operation, "");
  }
}
