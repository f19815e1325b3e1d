package dev.outcrop.serving.transport;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import io.helidon.webserver.http2.Http2Config;
import io.helidon.webserver.http2.Http2ConnectionSelector;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.spi.ServerConnectionSelector;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Tells HTTP/2 with prior knowledge from HTTP/1.1 by the first bytes. One selector for both is
 * never asked to identify a connection from what the first segment happened to bring, which Helidon
 * 4.5 gets wrong when a client's preface arrives in pieces.
 */
final class DualProtocolSelector implements ServerConnectionSelector {
  private static final byte[] PREFACE = "PRI ".getBytes(StandardCharsets.US_ASCII);

  private final Connections connections;
  private final int maxFrame;
  private final ServerConnectionSelector http1;
  private final ServerConnectionSelector http2;

  DualProtocolSelector(Connections connections, int maxFrame) {
    this.connections = connections;
    this.maxFrame = maxFrame;
    Http1Config config =
        Http1Config.builder().addReceiveListener(new LastRequest(connections)).build();
    this.http1 = Http1ConnectionSelector.builder().config(config).build();
    this.http2 =
        Http2ConnectionSelector.builder()
            .http2Config(Http2Config.builder().maxFrameSize(maxFrame).build())
            .build();
  }

  @Override
  public int bytesToIdentifyConnection() {
    return PREFACE.length;
  }

  @Override
  public Support supports(BufferData data) {
    return Support.SUPPORTED;
  }

  @Override
  public Set<String> supportedApplicationProtocols() {
    return Set.of("h2", "http/1.1");
  }

  @Override
  public ServerConnection connection(ConnectionContext context) {
    try {
      return context.dataReader().startsWith(PREFACE)
          ? connection(context, http2, new FrameFilter(context.dataReader(), maxFrame))
          : connection(context, http1, new ReadAhead(context.dataReader()));
    } catch (DataReader.InsufficientDataAvailableException e) {
      throw new CloseConnectionException("the client closed without sending anything", e);
    }
  }

  private <W extends ConnectionWatch & Supplier<byte[]>> ServerConnection connection(
      ConnectionContext context, ServerConnectionSelector protocol, W watch) {
    String key = Connections.key(context.socketId(), context.childSocketId());
    WatchedContext watched = new WatchedContext(context, DataReader.create(watch));
    ServerConnection connection = protocol.connection(watched);
    connections.opened(key, watch, connection);
    return new PoliteConnection(connection, () -> connections.closed(key));
  }
}
