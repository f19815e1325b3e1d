package dev.outcrop.serving.http;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.auth.Caller;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.transport.ClientWatch;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An exchange with a caller inside this process, such as a batch job, so that its requests go
 * through the same operations as those of clients. It has no headers, and streams are not for it.
 */
public final class LocalExchange extends Exchange {
  private static final Logger LOG = LoggerFactory.getLogger(LocalExchange.class);

  /** What its requests are counted under, whatever operation they go through. */
  private static final String OPERATION = "BatchRecord";

  private final ClientWatch watch;
  private @Nullable Reply reply;

  private LocalExchange(Caller caller, byte[] body, ClientWatch watch) {
    super(UUID.randomUUID().toString(), System.nanoTime(), OPERATION, caller, body);
    this.watch = watch;
  }

  /** What came of a request. */
  public sealed interface Reply {
    /** An answer. */
    record Sent(byte[] json, Map<String, String> headers) implements Reply {}

    /** An error, as a client would get it. */
    record Failed(ApiError error) implements Reply {}

    /** The caller gave it up while it ran. */
    record GivenUp() implements Reply {}
  }

  /**
   * Makes one request and waits for its answer, on the thread of the caller.
   *
   * @param path the path, percent-encoded
   * @param watch tells when the caller does not want the answer any more
   */
  public static Reply post(Api api, String path, Caller caller, byte[] body, ClientWatch watch)
      throws InterruptedException {
    LocalExchange exchange = new LocalExchange(caller, body, watch);
    try {
      Api.Call call = api.route("POST", path);
      if (call == null) {
        throw new OutcropException(ServingError.OPERATION_UNKNOWN, "There is no such operation.");
      }
      call.run(exchange);
    } catch (OutcropException e) {
      return e.code() == ServingError.CLIENT_GONE
          ? new Reply.GivenUp()
          : new Reply.Failed(ApiError.of(e));
    } catch (RuntimeException e) {
      Faults.log(LOG, exchange.id(), e);
      return new Reply.Failed(ApiError.internal());
    }
    Reply reply = exchange.reply;
    return reply == null ? new Reply.Failed(ApiError.internal()) : reply;
  }

  @Override
  public @Nullable String header(String name) {
    return null;
  }

  @Override
  public @Nullable String query(String name) {
    return null;
  }

  @Override
  public ClientWatch watchClient() {
    return watch;
  }

  @Override
  void write(byte[] json, Map<String, String> headers) {
    reply = new Reply.Sent(json, Map.copyOf(headers));
  }

  @Override
  void write(ApiError error) {
    reply = new Reply.Failed(error);
  }

  @Override
  ResponseStream open(String contentType, Map<String, String> headers) {
    throw new OutcropException(
        ServingError.REQUEST_UNSUPPORTED, "This request cannot be answered with a stream.");
  }
}
