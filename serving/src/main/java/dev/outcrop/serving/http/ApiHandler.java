package dev.outcrop.serving.http;

import dev.outcrop.models.ErrorType;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.auth.Allowance;
import dev.outcrop.serving.auth.AuthResult;
import dev.outcrop.serving.auth.Authenticator;
import dev.outcrop.serving.auth.Caller;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.transport.ByteBudget;
import dev.outcrop.serving.transport.Connections;
import dev.outcrop.serving.transport.Sending;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.HttpException;
import io.helidon.http.RequestException;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.UncheckedIOException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Every request of the API port, in this order: request id, access log and metrics, auth, route,
 * drain state and permit, body, call, what is left of the body. Runs on the request's virtual
 * thread.
 */
final class ApiHandler implements Handler {
  private static final Logger LOG = LoggerFactory.getLogger(ApiHandler.class);
  private static final Logger ACCESS = LoggerFactory.getLogger("dev.outcrop.access");
  private static final int CLIENT_CLOSED = 499;
  private static final String UNKNOWN = "unknown";

  private final Parts parts;
  private final Bodies bodies;
  private final Strangers strangers;

  ApiHandler(Parts parts) {
    this.parts = parts;
    this.bodies = new Bodies(parts.connections, parts.maxBody);
    this.strangers = new Strangers(bodies, parts.bodyMemory, parts.maxBody, parts.maxRequests);
  }

  /** What the handler works with. */
  record Parts(
      Api api,
      Authenticator authenticator,
      LifeCycle lifeCycle,
      @Nullable LocalOnly localOnly,
      Connections connections,
      ByteBudget bodyMemory,
      ErrorWriter errors,
      RequestListener listener,
      Supplier<String> ids,
      int maxRequests,
      int maxBody) {}

  @Override
  public void handle(ServerRequest request, ServerResponse response) {
    Visit visit = new Visit(request, response, parts.ids.get(), parts.errors);
    visit.errors.name(response, visit.id);
    boolean last = parts.connections.begun(request);
    try {
      if (last) {
        response.header(HeaderValues.CONNECTION_CLOSE);
      }
      answer(visit);
    } finally {
      over(visit);
      try {
        settle(visit);
      } finally {
        parts.connections.over(request);
      }
    }
  }

  private void answer(Visit visit) {
    try {
      run(visit);
    } catch (OutcropException e) {
      if (e.code() == ServingError.CLIENT_GONE) {
        throw visit.gone(e);
      }
      if (e.code().type() == ErrorType.INTERNAL) {
        LOG.warn("request {} failed: {}", visit.id, e.code().name());
      }
      visit.late = e.code() == ServingError.BODY_TOO_SLOW;
      fail(visit, ApiError.of(e));
    } catch (HttpException e) {
      fail(visit, refused(e.status()));
    } catch (RequestException e) {
      fail(visit, refused(e.status()));
    } catch (CloseConnectionException | UncheckedIOException e) {
      throw visit.gone(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw visit.gone(e);
    } catch (RuntimeException | Error e) {
      // Helidon lets an HTTP/2 stream whose thread dies of an Error wait for ever.
      Faults.log(LOG, visit.id, e);
      fail(visit, ApiError.internal());
    }
  }

  private void run(Visit visit) throws InterruptedException {
    ApiError refusal =
        parts.localOnly == null
            ? null
            : parts.localOnly.refusal(visit.header("host"), visit.header("origin"));
    if (refusal != null) {
      fail(visit, refusal);
      return;
    }
    try (ByteBudget.Hold memory = parts.bodyMemory.hold()) {
      switch (parts.authenticator.authenticate(Heads.of(visit.request))) {
        case AuthResult.Allowed(var caller) ->
            admit(visit, caller, () -> bodies.read(visit.request, memory::resize));
        case AuthResult.Signed(var caller, var proven, var check) -> {
          if (proven) {
            admit(
                visit,
                caller,
                () -> checked(visit, bodies.read(visit.request, memory::resize), check));
          } else {
            byte[] body = checked(visit, strangers.read(visit.request, memory), check);
            if (body != null) {
              admit(visit, caller, () -> body);
            }
          }
        }
        case AuthResult.Denied denied -> fail(visit, ApiError.of(denied));
      }
    }
  }

  /** A body that is the one that was signed; or null, and the answer is sent. */
  private byte @Nullable [] checked(Visit visit, byte[] body, AuthResult.BodyCheck check) {
    AuthResult.Denied denied = check.check(body);
    if (denied == null) {
      return body;
    }
    visit.caller = null;
    fail(visit, ApiError.of(denied));
    return null;
  }

  private void admit(Visit visit, Caller caller, Body body) throws InterruptedException {
    visit.caller = caller;
    Api.Call call =
        parts.api.route(
            visit.request.prologue().method().text(), visit.request.prologue().uriPath().rawPath());
    if (call == null) {
      throw new OutcropException(ServingError.OPERATION_UNKNOWN, "There is no such operation.");
    }
    visit.operation = call.operation();
    switch (caller.allowance().request()) {
      case Allowance.Answer.Throttled(var message, var retryAfter) ->
          fail(visit, ApiError.throttled(message, retryAfter));
      case Allowance.Answer.Granted(var share) -> {
        try (share) {
          enter(visit, call, caller, share, body);
        }
      }
    }
  }

  private void enter(Visit visit, Api.Call call, Caller caller, Allowance.Share share, Body source)
      throws InterruptedException {
    switch (parts.lifeCycle.enter(parts.maxRequests)) {
      case IN -> {
        try {
          byte[] body = source.read();
          if (body != null) {
            Exchange exchange =
                new HttpExchange(
                    visit.request,
                    visit.response,
                    parts.connections,
                    visit.errors,
                    visit.id,
                    visit.arrivedNanos,
                    visit.operation,
                    caller,
                    body);
            visit.exchange = exchange;
            call.run(exchange);
          }
        } finally {
          share.close(); // once nothing is in, nobody's quota is held
          parts.lifeCycle.leave();
        }
      }
      case CLOSED ->
          throw new OutcropException(
              ServingError.DRAINING, "The server takes no requests right now.");
      case FULL ->
          throw new OutcropException(
              ServingError.OVERLOADED, "Too many requests, please wait before trying again.");
    }
  }

  private ApiError refused(Status status) {
    if (status.code() != Status.REQUEST_ENTITY_TOO_LARGE_413.code()) {
      return ApiError.validation("The HTTP request was refused: " + status.reasonPhrase() + ".");
    }
    return ApiError.of(
        new OutcropException(
            ServingError.BODY_TOO_LARGE,
            "The request body is larger than the limit of %d bytes.".formatted(parts.maxBody)));
  }

  private void fail(Visit visit, ApiError error) {
    Exchange exchange = visit.exchange;
    if (exchange != null && exchange.answered()) {
      throw new CloseConnectionException("failed after the answer was begun");
    }
    if (Bodies.endsConnection(visit.request)) {
      visit.response.header(HeaderValues.CONNECTION_CLOSE);
    }
    visit.refusal = error.type();
    try (Sending _ = parts.connections.sending(visit.request)) {
      visit.errors.send(visit.response, error);
    } catch (CloseConnectionException | UncheckedIOException e) {
      throw visit.gone(e);
    } catch (RuntimeException e) {
      if (!Bodies.http1(visit.request) && parts.connections.watch(visit.request).gone()) {
        throw visit.gone(e);
      }
      Faults.log(LOG, visit.id, e);
      throw new CloseConnectionException("the error could not be written", e);
    }
  }

  private void settle(Visit visit) {
    boolean closing = visit.clientGone && Bodies.http1(visit.request);
    if (!closing && !bodies.settle(visit.request, visit.late)) {
      throw new CloseConnectionException("the body was left unread");
    }
  }

  private void over(Visit visit) {
    long nanos = System.nanoTime() - visit.arrivedNanos;
    int status = visit.clientGone ? CLIENT_CLOSED : visit.response.status().code();
    String model = visit.exchange == null ? null : visit.exchange.model();
    String error = visit.clientGone ? String.valueOf(CLIENT_CLOSED) : visit.error();
    parts.listener.over(new RequestListener.Over(visit.operation, model, status, error, nanos));
    ACCESS.info(
        "id={} operation={} model={} tenant={} principal={} status={} ms={} bytes={}",
        visit.id,
        visit.operation,
        model == null ? "-" : model,
        visit.caller == null ? "-" : visit.caller.tenant(),
        visit.caller == null ? "-" : visit.caller.principal(),
        status,
        nanos / 1_000_000,
        visit.response.bytesWritten());
  }

  /** Where a body comes from. */
  private interface Body {
    /** The body; or null, and the answer is sent. */
    byte @Nullable [] read();
  }

  /** What becomes known about a request on its way. */
  private static final class Visit {
    private final ServerRequest request;
    private final ServerResponse response;
    private final String id;
    private final ErrorWriter errors;
    private final long arrivedNanos = System.nanoTime();
    private String operation = UNKNOWN;
    private @Nullable Caller caller;
    private @Nullable Exchange exchange;
    private @Nullable String refusal;
    private boolean clientGone;
    private boolean late;

    Visit(ServerRequest request, ServerResponse response, String id, ErrorWriter errors) {
      this.request = request;
      this.response = response;
      this.id = id;
      this.errors = errors.on(request.prologue().uriPath().rawPath());
    }

    @Nullable String error() {
      return refusal == null && exchange != null ? exchange.error() : refusal;
    }

    @Nullable String header(String name) {
      return request.headers().first(HeaderNames.create(name)).orElse(null);
    }

    CloseConnectionException gone(Exception cause) {
      clientGone = true;
      return new CloseConnectionException("the client went away", cause);
    }
  }
}
