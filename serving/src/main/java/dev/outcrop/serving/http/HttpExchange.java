package dev.outcrop.serving.http;

import dev.outcrop.serving.auth.Caller;
import dev.outcrop.serving.transport.ClientWatch;
import dev.outcrop.serving.transport.Connections;
import dev.outcrop.serving.transport.Sending;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An exchange over HTTP. */
final class HttpExchange extends Exchange {
  private final ServerRequest request;
  private final ServerResponse response;
  private final Connections connections;
  private final ErrorWriter errors;

  HttpExchange(
      ServerRequest request,
      ServerResponse response,
      Connections connections,
      ErrorWriter errors,
      String id,
      long arrivedNanos,
      String operation,
      Caller caller,
      byte[] body) {
    super(id, arrivedNanos, operation, caller, body);
    this.request = request;
    this.response = response;
    this.connections = connections;
    this.errors = errors;
  }

  @Override
  public @Nullable String header(String name) {
    return request.headers().first(HeaderNames.create(name)).orElse(null);
  }

  @Override
  public @Nullable String query(String name) {
    return request.query().first(name).asOptional().orElse(null);
  }

  @Override
  public ClientWatch watchClient() {
    return connections.watch(request);
  }

  @Override
  void write(byte[] json, Map<String, String> headers) {
    headers.forEach((name, value) -> response.header(HeaderNames.create(name), value));
    response.status(200);
    response.header(HeaderNames.CONTENT_TYPE, "application/json");
    if (Bodies.http1(request)) {
      response.send(json);
      return;
    }
    response.header(HeaderNames.CONTENT_LENGTH, String.valueOf(json.length));
    ResponseStream out = stream();
    out.write(json);
    out.end();
  }

  @Override
  void write(ApiError error) {
    try (Sending _ = connections.sending(request)) {
      errors.send(response, error);
    }
  }

  @Override
  ResponseStream open(String contentType, Map<String, String> headers) {
    headers.forEach((name, value) -> response.header(HeaderNames.create(name), value));
    response.status(200);
    response.header(HeaderNames.CONTENT_TYPE, contentType);
    return stream();
  }

  private ResponseStream stream() {
    return new ResponseStream(
        response.outputStream(),
        connections.window(request),
        watchClient(),
        () -> connections.sending(request),
        id());
  }
}
