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
import java.time.Duration;
import java.util.Set;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;

/**
 * Tells HTTP/2 with prior knowledge from HTTP/1.1 by the first bytes. One selector for both is
 * never asked to identify a connection from what the first segment happened to bring, which Helidon
 * 4.5 gets wrong when a client's preface arrives in pieces.
 */
final class DualProtocolSelector implements ServerConnectionSelector {
  private static final byte[] PREFACE = "PRI ".getBytes(StandardCharsets.US_ASCII);

  /** Far more than clients open; Helidon's own limit allows a client thousands of threads. */
  static final int MAX_STREAMS = 1_024;

  /**
   * Streams that a client may reset within ten seconds before they are answered. Helidon's 50 are
   * fewer than clients give up at once whose requests wait in the queue, and the end of the
   * connection is that of everybody's streams. The same number limits the resets that a client
   * provokes the server to send.
   */
  private static final int MAX_RESETS = 4 * MAX_STREAMS;

  private static final Duration RESETS_WITHIN = Duration.ofSeconds(10);

  private final Connections connections;
  private final TransportLimits limits;
  private final @Nullable Supplier<SSLEngine> engines;
  private final ServerConnectionSelector http1;
  private final ServerConnectionSelector http2;

  DualProtocolSelector(
      Connections connections, TransportLimits limits, @Nullable Supplier<SSLEngine> engines) {
    this.connections = connections;
    this.limits = limits;
    this.engines = engines;
    Http1Config config =
        Http1Config.builder()
            .maxHeadersSize(HeaderTable.LONGEST_LIST)
            .addReceiveListener(new ArrivingRequest(connections))
            .build();
    this.http1 = Http1ConnectionSelector.builder().config(config).build();
    this.http2 =
        Http2ConnectionSelector.builder()
            .http2Config(
                Http2Config.builder()
                    .maxFrameSize(limits.maxFrame())
                    .maxHeaderListSize(HeaderTable.LONGEST_LIST)
                    .maxConcurrentStreams(MAX_STREAMS)
                    .maxRapidResets(MAX_RESETS)
                    .rapidResetCheckPeriod(RESETS_WITHIN)
                    .flowControlTimeout(limits.writeTimeout())
                    .build())
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
    Line line = connections.accepted(context.serverSocket());
    String id = connections.opened(line);
    WatchedWriter writer = new WatchedWriter(context.dataWriter(), line);
    TlsLayer tls =
        engines == null ? null : new TlsLayer(engines.get(), context.dataReader(), writer);
    try {
      ServerConnection connection =
          identified(
              tls == null
                  ? new WatchedContext(context, id, context.dataReader(), writer, false)
                  : new WatchedContext(context, id, DataReader.create(tls), tls, true),
              line);
      return new PoliteConnection(connection, () -> ended(id, tls));
    } catch (DataReader.InsufficientDataAvailableException e) {
      connections.closed(id);
      throw new CloseConnectionException("the client closed without sending anything", e);
    } catch (RuntimeException e) {
      boolean hungUp = line.over();
      connections.closed(id);
      throw hungUp ? new CloseConnectionException("the client took too long", e) : e;
    }
  }

  private void ended(String id, @Nullable TlsLayer tls) {
    if (tls != null) {
      tls.close();
    }
    connections.closed(id);
  }

  private ServerConnection identified(WatchedContext context, Line line) {
    DataReader in = context.dataReader();
    boolean preface = in.startsWith(PREFACE);
    line.requestArrived();
    if (preface) {
      SendWindow window = SendWindow.http2(limits.writeTimeout().toNanos());
      FrameFilter frames = new FrameFilter(in, limits.maxFrame(), window);
      FrameCounter out = new FrameCounter(context.dataWriter(), window, frames);
      ServerConnection connection =
          http2.connection(context.reading(DataReader.create(frames)).writing(out));
      line.established(frames, connection, new Http2End(frames, out, line::quiet, line::hangUp));
      return connection;
    }
    ReadAhead bytes = new ReadAhead(in, line, limits);
    ServerConnection connection = http1.connection(context.reading(bytes.reader()));
    line.established(bytes, connection, new Http1End(line));
    return connection;
  }
}
