package dev.outcrop.serving.http;

import dev.outcrop.serving.auth.Caller;
import dev.outcrop.serving.transport.ClientWatch;
import dev.outcrop.serving.transport.Connections;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One request, let in and read in full, and its answer. Used on the request's thread. */
public final class Exchange {
  private final ServerRequest request;
  private final ServerResponse response;
  private final Connections connections;
  private final ErrorWriter errors;
  private final String id;
  private final long arrivedNanos;
  private final Caller caller;
  private final byte[] body;
  private @Nullable String model;
  private boolean answered;

  Exchange(
      ServerRequest request,
      ServerResponse response,
      Connections connections,
      ErrorWriter errors,
      String id,
      long arrivedNanos,
      Caller caller,
      byte[] body) {
    this.request = request;
    this.response = response;
    this.connections = connections;
    this.errors = errors;
    this.id = id;
    this.arrivedNanos = arrivedNanos;
    this.caller = caller;
    this.body = body;
  }

  /** The request's id, as the response's {@code x-amzn-RequestId} has it. */
  public String id() {
    return id;
  }

  /** When the request arrived, by {@link System#nanoTime}. */
  public long arrivedNanos() {
    return arrivedNanos;
  }

  /** Whose request it is. */
  public Caller caller() {
    return caller;
  }

  /** The request's body. */
  public byte[] body() {
    return body;
  }

  /** A header's value, or null. */
  public @Nullable String header(String name) {
    return request.headers().first(HeaderNames.create(name)).orElse(null);
  }

  /** Notes which model the request is for. */
  public void model(String servedId) {
    this.model = servedId;
  }

  @Nullable String model() {
    return model;
  }

  /** Whether an answer was begun. */
  boolean answered() {
    return answered;
  }

  /** Begins to watch whether the client is still there. */
  public ClientWatch watchClient() {
    return connections.watch(request);
  }

  /** Answers with JSON. */
  public void send(byte[] json, Map<String, String> headers) {
    answered = true;
    headers.forEach((name, value) -> response.header(HeaderNames.create(name), value));
    response.status(200);
    response.header(HeaderNames.CONTENT_TYPE, "application/json");
    response.send(json);
  }

  /** Answers with an error. */
  public void fail(ApiError error) {
    answered = true;
    errors.send(response, error);
  }

  /** Answers with a stream; the status is sent with its first bytes. */
  public ResponseStream stream(String contentType, Map<String, String> headers) {
    answered = true;
    headers.forEach((name, value) -> response.header(HeaderNames.create(name), value));
    response.status(200);
    response.header(HeaderNames.CONTENT_TYPE, contentType);
    return new ResponseStream(response.outputStream());
  }
}
