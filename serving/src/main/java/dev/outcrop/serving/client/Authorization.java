package dev.outcrop.serving.client;

import java.net.URI;
import java.util.Map;

/** Says to a server who asks. Called on the thread of each request; safe for many threads. */
public interface Authorization {
  /** Nobody in particular. */
  Authorization NONE = (_, _) -> Map.of();

  /** The headers to send with a body that is posted to an address. */
  Map<String, String> headers(URI uri, byte[] body);

  /**
   * The holder of an API key. White space around it, such as the line break at the end of a file,
   * is no part of it.
   *
   * @throws IllegalArgumentException where a header cannot hold it; the message does not repeat it
   */
  static Authorization bearer(String key) {
    String plain = key.strip();
    if (plain.isEmpty() || plain.chars().anyMatch(c -> c < '!' || c > '~')) {
      throw new IllegalArgumentException("an API key must be plain characters");
    }
    Map<String, String> headers = Map.of("authorization", "Bearer " + plain);
    return (_, _) -> headers;
  }
}
