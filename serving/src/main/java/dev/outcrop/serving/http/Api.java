package dev.outcrop.serving.http;

import org.jspecify.annotations.Nullable;

/** The operations of an API. Called on request threads, many at once. */
public interface Api {
  /**
   * The call that a request makes, or null where there is no such operation.
   *
   * @param rawPath the path as it came, still percent-encoded
   * @throws dev.outcrop.models.OutcropException where the path names the operation but is malformed
   */
  @Nullable Call route(String method, String rawPath);

  /** One call of an operation. */
  interface Call {
    /** The operation's name, for logs and metrics. */
    String operation();

    /**
     * Answers the request. What it throws before the first byte of the answer becomes an error
     * response.
     */
    void run(Exchange exchange) throws InterruptedException;
  }
}
