package dev.outcrop.bench.http;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;

/**
 * Many ConverseStream clients on one thread, each on an HTTP/1.1 connection of its own, that note
 * how long every token was on its way.
 */
final class LoadClient implements AutoCloseable {
  private static final int READ = 1 << 16;
  private static final int MOST_TOKENS = Integer.MAX_VALUE;

  private final int port;
  private final String model;
  private final String authorization;
  private final PacedBatcher engine;
  private final List<Stream> streams = new ArrayList<>();
  private final Selector selector;
  private volatile long from = Long.MAX_VALUE;
  private volatile long to = Long.MAX_VALUE;
  private final Delays delays = new Delays();
  private long received;
  private long writes;

  /** A connection. */
  private static final class Stream {
    private final int number;
    private final SocketChannel channel;
    private final StreamReader reader = new StreamReader();

    Stream(int number, SocketChannel channel) {
      this.number = number;
      this.channel = channel;
    }
  }

  /**
   * What arrived in the window.
   *
   * @param tokens tokens
   * @param writes writes of the server that had one or more of them
   * @param delays how long each was on its way
   */
  record Received(long tokens, long writes, Delays delays) {}

  /** Connects to a port of this machine with a key, or an empty one where none is asked for. */
  LoadClient(int port, String model, PacedBatcher engine, int count, String key)
      throws IOException {
    this.authorization = key.isEmpty() ? "" : "Authorization: Bearer " + key + "\r\n";
    this.port = port;
    this.model = model;
    this.engine = engine;
    this.selector = Selector.open();
    for (int i = 0; i < count; i++) {
      streams.add(connected(i));
    }
  }

  private Stream connected(int number) throws IOException {
    SocketChannel channel = SocketChannel.open(new InetSocketAddress("127.0.0.1", port));
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    byte[] body =
        "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"%d\"}]}],\"inferenceConfig\":{\"maxTokens\":%d}}"
            .formatted(number, MOST_TOKENS)
            .getBytes(StandardCharsets.UTF_8);
    byte[] head =
        "POST /model/%s/converse-stream HTTP/1.1\r\nHost: 127.0.0.1\r\n%sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            .formatted(model, authorization, body.length)
            .getBytes(StandardCharsets.US_ASCII);
    ByteBuffer request = ByteBuffer.allocate(head.length + body.length).put(head).put(body).flip();
    while (request.hasRemaining()) {
      channel.write(request);
    }
    Stream stream = new Stream(number, channel);
    channel.configureBlocking(false);
    channel.register(selector, SelectionKey.OP_READ, stream);
    return stream;
  }

  /** Counts what arrives from a moment to another. */
  void window(long fromNanos, long toNanos) {
    to = toNanos;
    from = fromNanos;
  }

  /** Reads until every stream is whole; a future of what came in the window. */
  FutureTask<Received> start() {
    FutureTask<Received> task = new FutureTask<>(this::run);
    Thread thread = new Thread(task, "load-client");
    thread.setDaemon(true);
    thread.start();
    return task;
  }

  private Received run() throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(READ);
    int open = streams.size();
    while (open > 0) {
      selector.select();
      for (SelectionKey key : selector.selectedKeys()) {
        if (key.attachment() instanceof Stream stream && read(stream, buffer)) {
          key.cancel();
          open--;
        }
      }
      selector.selectedKeys().clear();
    }
    return new Received(received, writes, delays);
  }

  /** Reads what is there; tells whether that was the end of a whole answer. */
  private boolean read(Stream stream, ByteBuffer buffer) throws IOException {
    buffer.clear();
    int first = stream.reader.deltas();
    int before = stream.reader.writes();
    long now;
    try {
      int count = stream.channel.read(buffer);
      now = System.nanoTime();
      if (count < 0) {
        throw new IOException("ended without a word");
      }
      stream.reader.read(buffer.flip());
    } catch (IOException | IllegalStateException e) {
      throw new IOException("stream %d: %s".formatted(stream.number, e.getMessage()), e);
    }
    if (now >= from && now < to) {
      received += stream.reader.deltas() - first;
      writes += stream.reader.writes() - before;
      for (int token = first; token < stream.reader.deltas(); token++) {
        delays.add(now - engine.handedOut(stream.number, token));
      }
    }
    return stream.reader.whole();
  }

  /** Tokens that a stream received. */
  int tokens(int stream) {
    return streams.get(stream).reader.deltas();
  }

  @Override
  public void close() {
    try {
      for (Stream stream : streams) {
        stream.channel.close();
      }
      selector.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
