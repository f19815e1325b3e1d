package dev.outcrop.serving.transport;

import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.spi.ServerConnectionSelector;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The open connections of one listener. Safe to use from any thread. */
public final class Connections {
  private final Map<String, ConnectionWatch> watches = new ConcurrentHashMap<>();

  /** Creates an empty set. */
  public Connections() {}

  /** What makes connections of both protocols for a listener. */
  public ServerConnectionSelector selector(int maxFrame) {
    return new DualProtocolSelector(this, maxFrame);
  }

  /** Watches the client of a request whose body was read in full; on the request's thread. */
  public ClientWatch watch(ServerRequest request) {
    ConnectionWatch watch = watches.get(key(request.serverSocketId(), request.socketId()));
    return watch == null ? () -> false : watch.watch(request.id());
  }

  void opened(String key, ConnectionWatch watch) {
    watches.put(key, watch);
  }

  void closed(String key) {
    ConnectionWatch watch = watches.remove(key);
    if (watch != null) {
      watch.ended();
    }
  }

  int open() {
    return watches.size();
  }

  static String key(String serverSocketId, String socketId) {
    return serverSocketId + "/" + socketId;
  }
}
