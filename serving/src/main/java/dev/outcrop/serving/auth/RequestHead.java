package dev.outcrop.serving.auth;

import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a request before its body is read.
 *
 * @param method the method
 * @param rawPath the path as it came, still percent-encoded
 * @param rawQuery the query as it came, empty where there is none
 * @param headers the values of a header, by its name in lower case; {@code host} is what HTTP/2
 *     calls {@code :authority}
 */
public record RequestHead(
    String method, String rawPath, String rawQuery, Function<String, List<String>> headers) {
  /** A header's first value, or null. */
  @Nullable String header(String name) {
    List<String> values = headers.apply(name);
    return values.isEmpty() ? null : values.getFirst();
  }

  /** Redacted: headers hold credentials. */
  @Override
  public String toString() {
    return "RequestHead[" + method + "]";
  }
}
