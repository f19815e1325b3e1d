package dev.outcrop.serving.transport;

import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Headers;
import io.helidon.http.HttpPrologue;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.http1.Http1ConnectionListener;

/**
 * Follows an HTTP/1.1 request as it arrives. On the connection's thread.
 *
 * <p>It also ends the connection after the answer to a request that says {@code Connection: close}
 * (RFC 9112 section 9.6). Helidon 4.5 says the same in its answer, but goes on reading.
 */
record ArrivingRequest(Connections connections) implements Http1ConnectionListener {
  @Override
  public void prologue(ConnectionContext context, HttpPrologue prologue) {
    Line line = connections.line(context);
    if (line != null) {
      line.requestBegan();
    }
  }

  @Override
  public void headers(ConnectionContext context, Headers headers) {
    Line line = connections.line(context);
    if (line == null) {
      return;
    }
    if (!headers.contains(HeaderNames.TRANSFER_ENCODING)
        && (!headers.contains(HeaderNames.CONTENT_LENGTH)
            || headers.contains(HeaderValues.CONTENT_LENGTH_ZERO))) {
      line.requestArrived();
    }
    if (headers.containsToken(HeaderValues.CONNECTION_CLOSE)) {
      line.last();
    }
  }
}
