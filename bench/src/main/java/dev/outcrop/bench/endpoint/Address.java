package dev.outcrop.bench.endpoint;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads addresses of servers from options, and tells them without what may be secret. */
public final class Address {
  private static final Set<String> SCHEMES = Set.of("http", "https");
  private static final int MOST_PORT = 65_535;

  private Address() {}

  /**
   * An address that a request can be sent to, or null. One that holds a user or a password is none:
   * it would end up in logs and results.
   */
  public static @Nullable URI read(String text) {
    try {
      URI uri = new URI(text);
      boolean plain =
          uri.getScheme() != null
              && SCHEMES.contains(uri.getScheme())
              && uri.getHost() != null
              && uri.getRawUserInfo() == null
              && uri.getPort() <= MOST_PORT;
      return plain ? uri : null;
    } catch (URISyntaxException e) {
      return null;
    }
  }

  /** What is to be said of a text that is no address; what may hold a password is not repeated. */
  public static String refused(String text) {
    return text.contains("@") ? "without a user or a password" : "was " + text;
  }

  /** Scheme, host, port and path: a query may hold a key. */
  public static URI shown(URI address) {
    String port = address.getPort() < 0 ? "" : ":" + address.getPort();
    String path = address.getRawPath() == null ? "" : address.getRawPath();
    return URI.create(address.getScheme() + "://" + address.getHost() + port + path);
  }
}
