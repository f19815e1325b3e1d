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

/**
 * Writes errors as the API of a path does: that of Bedrock with a type in a header and a message in
 * the body, that of OpenAI with all in the body.
 */
final class ErrorWriter {
  private static final HeaderName REQUEST_ID = HeaderNames.create("x-amzn-RequestId");
  private static final HeaderName OPENAI_REQUEST_ID = HeaderNames.create("x-request-id");
  private static final HeaderName ERROR_TYPE = HeaderNames.create("x-amzn-ErrorType");

  private final Json json;
  private final Supplier<String> ids;
  private final Surface surface;

  ErrorWriter(Json json, Supplier<String> ids) {
    this(json, ids, Surface.BEDROCK);
  }

  private ErrorWriter(Json json, Supplier<String> ids, Surface surface) {
    this.json = json;
    this.ids = ids;
    this.surface = surface;
  }

  /** The one for a path, which is still percent-encoded. */
  ErrorWriter on(String rawPath) {
    Surface other = Surface.of(rawPath);
    return other == surface ? this : new ErrorWriter(json, ids, other);
  }

  /** Names a request in the headers of its response, whatever that will be. */
  void name(ServerResponse response, String id) {
    response.header(REQUEST_ID, id);
    if (surface == Surface.OPENAI) {
      response.header(OPENAI_REQUEST_ID, id);
    }
  }

  /** Answers a request with an error. Its request id is set already. */
  void send(ServerResponse response, ApiError error) {
    response.header(HeaderNames.CONTENT_TYPE, "application/json");
    if (error.retryAfter().isPositive()) {
      long seconds = Math.max(1, error.retryAfter().plusMillis(999).toSeconds());
      response.header(HeaderNames.RETRY_AFTER, String.valueOf(seconds));
    }
    switch (surface) {
      case BEDROCK -> {
        response.status(error.status());
        response.header(ERROR_TYPE, error.type());
      }
      case OPENAI -> response.status(OpenAiError.of(error).status());
    }
    response.send(body(error));
  }

  /** Answers what Helidon refuses before there is a request to route. */
  DirectHandlers direct() {
    DirectHandler handler =
        (request, event, status, headers, message) ->
            on(request.path()).refused(event, status, ServerResponseHeaders.create(headers));
    DirectHandlers.Builder handlers = DirectHandlers.builder();
    for (DirectHandler.EventType type : DirectHandler.EventType.values()) {
      handlers.addHandler(type, handler);
    }
    return handlers.build();
  }

  private DirectHandler.TransportResponse refused(
      DirectHandler.EventType event, Status status, ServerResponseHeaders headers) {
    ApiError error = of(status);
    String id = ids.get();
    headers.set(HeaderNames.CONTENT_TYPE, "application/json");
    headers.set(REQUEST_ID, id);
    switch (surface) {
      case BEDROCK -> headers.set(ERROR_TYPE, error.type());
      case OPENAI -> headers.set(OPENAI_REQUEST_ID, id);
    }
    return DirectHandler.TransportResponse.builder()
        .status(status)
        .headers(headers)
        .keepAlive(event.keepAlive())
        .entity(body(error))
        .build();
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
    return switch (surface) {
      case BEDROCK -> {
        ObjectNode body = Json.object();
        body.put("message", error.message());
        yield json.bytes(body);
      }
      case OPENAI -> json.bytes(OpenAiError.of(error).body());
    };
  }
}
