package dev.outcrop.serving.http;

import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which requests a server without keys takes. Binding loopback does not keep web pages out: a page
 * in a browser on this machine may post here, and one whose name is made to resolve to loopback
 * (DNS rebinding) may read the answers. A browser says which host it was told and where the page is
 * from.
 */
final class LocalOnly {
  private static final Pattern LOOPBACK =
      Pattern.compile("(localhost|127(\\.\\d{1,3}){3}|\\[::1])(:\\d{1,5})?");
  private static final Pattern PORT = Pattern.compile(":\\d{1,5}$");

  private final String bound;

  /** Takes requests to loopback, and to the address that is bound, whatever its name. */
  LocalOnly(String bound) {
    this.bound = bound.toLowerCase(Locale.ROOT);
  }

  /** The error that a request gets, or null where it is taken. */
  @Nullable ApiError refusal(@Nullable String host, @Nullable String origin) {
    if (host == null || !local(host)) {
      return refused(
          "A server without keys takes only requests to localhost, 127.0.0.0/8 and [::1], and the"
              + " Host header names another host.");
    }
    if (origin != null && !local(origin.replaceFirst("^https?://", ""))) {
      return refused(
          "A server without keys takes no requests from web pages of other hosts, and the Origin"
              + " header names one.");
    }
    return null;
  }

  private boolean local(String authority) {
    String lower = authority.strip().toLowerCase(Locale.ROOT);
    return LOOPBACK.matcher(lower).matches() || PORT.matcher(lower).replaceFirst("").equals(bound);
  }

  private static ApiError refused(String why) {
    return new ApiError(403, "AccessDeniedException", why + " Set auth.key-file to lift this.");
  }
}
