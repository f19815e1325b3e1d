package dev.outcrop.bench.http;

import dev.outcrop.batching.Batcher;
import dev.outcrop.serving.OutcropServer;
import dev.outcrop.serving.config.AuthConfig;
import dev.outcrop.serving.config.HttpConfig;
import dev.outcrop.serving.config.ManagementConfig;
import dev.outcrop.serving.config.ServingConfig;
import dev.outcrop.serving.generate.SamplingDefaults;
import dev.outcrop.serving.generate.ServedModel;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A server of this process, streams that {@link PacedBatcher} hands tokens to, and the clients that
 * read them. Used by one thread.
 */
final class PacedStreams implements AutoCloseable {
  /** How long a run may take beyond what it is made for. */
  static final Duration PATIENCE = Duration.ofMinutes(1);

  private static final String MODEL = "bench";

  private final PacedBatcher.Pace pace;
  private final PacedBatcher engine;
  private final OutcropServer server;
  private @Nullable LoadClient client;
  private @Nullable Future<LoadClient.Received> receiving;

  /**
   * Starts the server.
   *
   * @param seconds how long the streams have tokens
   * @param auth who may call
   * @param others what is served beside the streams
   */
  PacedStreams(PacedBatcher.Pace pace, double seconds, AuthConfig auth, ServedModel... others) {
    this.pace = pace;
    this.engine = new PacedBatcher(pace, (int) (seconds * pace.fastest()));
    ServingConfig config =
        ServingConfig.DEFAULT
            .withHttp(HttpConfig.DEFAULT.withPort(0))
            .withManagement(ManagementConfig.DEFAULT.withPort(0))
            .withAuth(auth);
    try {
      this.server =
          OutcropServer.start(
              config, Stream.concat(Stream.of(served(MODEL, engine)), Stream.of(others)).toList());
    } catch (RuntimeException e) {
      engine.close();
      throw e;
    }
  }

  /** A model whose prompts are numbers. */
  static ServedModel served(String id, Batcher batcher) {
    SamplingDefaults sampling = new SamplingDefaults(1, 0, 1, 0, 1);
    return new ServedModel(id, List.of(), batcher, new NumberedText(), sampling);
  }

  OutcropServer server() {
    return server;
  }

  /**
   * Opens the streams; when this returns, each of them gets tokens.
   *
   * @param key of their caller, empty where nobody asks for one
   */
  LoadClient begin(String key) throws IOException, InterruptedException {
    LoadClient opened = new LoadClient(server.port(), MODEL, engine, pace.streams(), key);
    client = opened;
    receiving = opened.start();
    if (!engine.awaitAll(PATIENCE)) {
      throw new IOException("not every stream was taken");
    }
    return opened;
  }

  /**
   * Ends the streams.
   *
   * @return what their clients received
   * @throws IOException where a stream ended before, or lost a token
   */
  LoadClient.Received end() throws IOException, InterruptedException {
    LoadClient reader = Objects.requireNonNull(client, "begin comes first");
    boolean early = Objects.requireNonNull(receiving).isDone();
    try {
      engine.end();
    } catch (IllegalStateException e) {
      throw new IOException("the streams ran out of tokens before the run was over", e);
    }
    LoadClient.Received received = received();
    if (early) {
      throw new IOException("the streams ended before the run was over");
    }
    for (int stream = 0; stream < pace.streams(); stream++) {
      if (reader.tokens(stream) != engine.tokens(stream)) {
        throw new IOException(
            "stream %d received %d of %d tokens"
                .formatted(stream, reader.tokens(stream), engine.tokens(stream)));
      }
    }
    return received;
  }

  /** Waits until the clients have read everything, which {@link #end} or a fault brings about. */
  LoadClient.Received received() throws IOException, InterruptedException {
    try {
      return Objects.requireNonNull(receiving).get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException broken) {
        throw broken;
      }
      throw new IllegalStateException("the clients failed", e);
    }
  }

  @Override
  public void close() {
    if (client != null) {
      client.close();
    }
    server.close();
    engine.close();
  }
}
