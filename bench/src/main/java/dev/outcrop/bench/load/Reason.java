package dev.outcrop.bench.load;

import dev.outcrop.serving.client.RefusedException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.http.HttpConnectTimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Why a request failed.
 *
 * @param word what failures are counted by; begins with {@link #CLIENT} where it is our own doing
 * @param message what the server said, empty where it said nothing
 */
record Reason(String word, String message) {
  /** What words begin with of failures that are the client's own. */
  static final String CLIENT = "client ";

  /** What a request ended with. */
  static Reason of(Exception failure) {
    if (failure instanceof RefusedException refused) {
      return new Reason("http " + refused.status(), String.valueOf(refused.getMessage()));
    }
    String own = ofClient(failure);
    if (own != null) {
      return new Reason(own, "");
    }
    return failure instanceof ConnectException || failure instanceof HttpConnectTimeoutException
        ? new Reason("no connection", "")
        : new Reason("broken off", String.valueOf(failure.getMessage()));
  }

  /**
   * What of a failure is this process's doing, or null: it has no more files or ports for sockets,
   * or did not come to send, such as with credentials that ended.
   */
  private static @Nullable String ofClient(Exception failure) {
    for (Throwable each = failure; each != null; each = each.getCause()) {
      String message = String.valueOf(each.getMessage());
      if (each instanceof BindException || message.contains("Cannot assign requested address")) {
        return CLIENT + "without a free port";
      }
      if (message.contains("Too many open files")) {
        return CLIENT + "with too many open files";
      }
    }
    return failure instanceof RuntimeException ? CLIENT + failure.getClass().getSimpleName() : null;
  }
}
