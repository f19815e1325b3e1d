package dev.outcrop.serving.client;

import java.net.URI;
import java.util.Map;

/** Says to a server who asks. Called on the thread of each request; safe for many threads. */
public interface Authorization {
  /** Nobody in particular. */
  Authorization NONE = (_, _) -> Map.of();

  /** The headers to send with a body that is posted to an address. */
  Map<String, String> headers(URI uri, byte[] body);

  /** The holder of an API key. */
  static Authorization bearer(String key) {
    Map<String, String> headers = Map.of("authorization", "Bearer " + key);
    return (_, _) -> headers;
  }
}
