package dev.outcrop.serving.transport;

import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.spi.ServerConnectionSelector;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The open connections of one listener. Safe to use from any thread. */
public final class Connections {
  private final Map<String, Open> all = new ConcurrentHashMap<>();

  /** One of them. */
  private record Open(ConnectionWatch watch, ServerConnection connection) {}

  /** Creates an empty set. */
  public Connections() {}

  /** What makes connections of both protocols for a listener. */
  public ServerConnectionSelector selector(int maxFrame) {
    return new DualProtocolSelector(this, maxFrame);
  }

  /** Watches the client of a request whose body was read in full; on the request's thread. */
  public ClientWatch watch(ServerRequest request) {
    Open open = all.get(key(request.serverSocketId(), request.socketId()));
    return open == null ? () -> false : open.watch.watch(request.id());
  }

  void opened(String key, ConnectionWatch watch, ServerConnection connection) {
    all.put(key, new Open(watch, connection));
  }

  /** The request that is being read on this connection is the last one; on its thread. */
  void last(String key) {
    Open open = all.get(key);
    if (open != null) {
      open.connection.close(false);
    }
  }

  void closed(String key) {
    Open open = all.remove(key);
    if (open != null) {
      open.watch.ended();
    }
  }

  int open() {
    return all.size();
  }

  static String key(String serverSocketId, String socketId) {
    return serverSocketId + "/" + socketId;
  }
}
