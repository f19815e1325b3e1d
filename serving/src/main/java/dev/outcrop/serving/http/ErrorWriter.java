package dev.outcrop.serving.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.json.Json;
import io.helidon.http.DirectHandler;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.ServerResponseHeaders;
import io.helidon.http.Status;
import io.helidon.webserver.http.DirectHandlers;
import io.helidon.webserver.http.ServerResponse;
import java.util.function.Supplier;

/** Writes errors as the Bedrock API does: a type in a header, a message in the body. */
final class ErrorWriter {
  static final HeaderName REQUEST_ID = HeaderNames.create("x-amzn-RequestId");
  private static final HeaderName ERROR_TYPE = HeaderNames.create("x-amzn-ErrorType");

  private final Json json;
  private final Supplier<String> ids;

  ErrorWriter(Json json, Supplier<String> ids) {
    this.json = json;
    this.ids = ids;
  }

  /** Answers a request with an error. Its request id is set already. */
  void send(ServerResponse response, ApiError error) {
    response.status(error.status());
    response.header(HeaderNames.CONTENT_TYPE, "application/json");
    response.header(ERROR_TYPE, error.type());
    if (error.retryAfter().isPositive()) {
      long seconds = Math.max(1, error.retryAfter().plusMillis(999).toSeconds());
      response.header(HeaderNames.RETRY_AFTER, String.valueOf(seconds));
    }
    response.send(body(error));
  }

  /** Answers what Helidon refuses before there is a request to route. */
  DirectHandlers direct() {
    DirectHandler handler =
        (request, event, status, headers, message) -> {
          ApiError error = of(status);
          ServerResponseHeaders more = ServerResponseHeaders.create(headers);
          more.set(HeaderNames.CONTENT_TYPE, "application/json");
          more.set(ERROR_TYPE, error.type());
          more.set(REQUEST_ID, ids.get());
          return DirectHandler.TransportResponse.builder()
              .status(status)
              .headers(more)
              .keepAlive(event.keepAlive())
              .entity(body(error))
              .build();
        };
    DirectHandlers.Builder handlers = DirectHandlers.builder();
    for (DirectHandler.EventType type : DirectHandler.EventType.values()) {
      handlers.addHandler(type, handler);
    }
    return handlers.build();
  }

  private static ApiError of(Status status) {
    return switch (status.family()) {
      case CLIENT_ERROR ->
          new ApiError(
              status.code(),
              status.code() == Status.NOT_FOUND_404.code()
                  ? "UnknownOperationException"
                  : "ValidationException",
              "The HTTP request was refused: " + status.reasonPhrase() + ".");
      case INFORMATIONAL, SUCCESSFUL, REDIRECTION, SERVER_ERROR, OTHER -> ApiError.internal();
    };
  }

  private byte[] body(ApiError error) {
    ObjectNode body = Json.object();
    body.put("message", error.message());
    return json.bytes(body);
  }
}
