package dev.outcrop.serving.transport;

import io.helidon.http.HeaderValues;
import io.helidon.http.Headers;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.http1.Http1ConnectionListener;

/**
 * Ends an HTTP/1.1 connection after the answer to a request that says {@code Connection: close}
 * (RFC 9112 section 9.6). Helidon 4.5 says the same in its answer, but goes on reading.
 */
record LastRequest(Connections connections) implements Http1ConnectionListener {
  @Override
  public void headers(ConnectionContext context, Headers headers) {
    if (headers.containsToken(HeaderValues.CONNECTION_CLOSE)) {
      connections.last(Connections.key(context.socketId(), context.childSocketId()));
    }
  }
}
