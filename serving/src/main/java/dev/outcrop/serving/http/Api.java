package dev.outcrop.serving.http;

import java.util.List;
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

  /** Several APIs as one; the first that has an operation for a request answers it. */
  static Api of(List<Api> apis) {
    List<Api> all = List.copyOf(apis);
    return (method, rawPath) -> {
      for (Api api : all) {
        Call call = api.route(method, rawPath);
        if (call != null) {
          return call;
        }
      }
      return null;
    };
  }

  /** One call of an operation. */
  interface Call {
    /** The operation's name, for logs and metrics. */
    String operation();

    /**
     * Answers the request. What it throws before the first byte of the answer becomes an error
     * response.
     */
    void run(Exchange exchange) throws InterruptedException;

    /** A call of an operation that does what is given. */
    static Call of(String operation, Action action) {
      return new Call() {
        @Override
        public String operation() {
          return operation;
        }

        @Override
        public void run(Exchange exchange) throws InterruptedException {
          action.on(exchange);
        }
      };
    }
  }

  /** What a call does. */
  interface Action {
    /** Answers the request. */
    void on(Exchange exchange) throws InterruptedException;
  }
}
