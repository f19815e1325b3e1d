package dev.outcrop.serving.transport;

import io.helidon.common.buffers.DataReader;
import io.helidon.common.buffers.DataWriter;
import io.helidon.common.socket.HelidonSocket;
import io.helidon.common.socket.PeerInfo;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.ListenerContext;
import io.helidon.webserver.ProxyProtocolData;
import io.helidon.webserver.Router;
import java.util.Optional;
import java.util.concurrent.ExecutorService;

/**
 * A connection context whose bytes pass through a reader and a writer of ours.
 *
 * @param childSocketId the connection's own id; that of Helidon 4.5 is an identity hash code, which
 *     two open connections can share
 */
record WatchedContext(
    ConnectionContext to,
    String childSocketId,
    DataReader dataReader,
    DataWriter dataWriter,
    boolean isSecure)
    implements ConnectionContext {
  /** The same with another reader. */
  WatchedContext reading(DataReader other) {
    return new WatchedContext(to, childSocketId, other, dataWriter, isSecure);
  }

  /** The same with another writer. */
  WatchedContext writing(DataWriter other) {
    return new WatchedContext(to, childSocketId, dataReader, other, isSecure);
  }

  @Override
  public ListenerContext listenerContext() {
    return to.listenerContext();
  }

  @Override
  public ExecutorService executor() {
    return to.executor();
  }

  @Override
  public Router router() {
    return to.router();
  }

  @Override
  public Optional<ProxyProtocolData> proxyProtocolData() {
    return to.proxyProtocolData();
  }

  @Override
  public HelidonSocket serverSocket() {
    return to.serverSocket();
  }

  @Override
  public PeerInfo remotePeer() {
    return to.remotePeer();
  }

  @Override
  public PeerInfo localPeer() {
    return to.localPeer();
  }

  @Override
  public String socketId() {
    return to.socketId();
  }
}
