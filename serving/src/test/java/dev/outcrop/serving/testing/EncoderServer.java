package dev.outcrop.serving.testing;

import dev.outcrop.batching.encode.EncodeBatch;
import dev.outcrop.batching.encode.EncodeBatcher;
import dev.outcrop.batching.encode.EncodeConfig;
import dev.outcrop.batching.encode.Encoder;
import dev.outcrop.serving.OutcropServer;
import dev.outcrop.serving.config.ManagementConfig;
import dev.outcrop.serving.config.ServingConfig;
import dev.outcrop.serving.embed.EncoderText.Purpose;
import dev.outcrop.serving.embed.ServedEncoder;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;

/**
 * A server with an embedder and a reranker over real batchers, on encoders without weights. The
 * embedding is (3, -4, 0, ..); the score of a document grows with its first letter and is 0 at 'm'.
 */
public final class EncoderServer implements AutoCloseable {
  public static final int DIMENSIONS = 8;
  public static final int MAX_TOKENS = 12;

  public final OutcropServer server;

  /** Pairs scored so far. */
  public final AtomicInteger scored = new AtomicInteger();

  private final EncodeBatcher embeddings;
  private final EncodeBatcher scores;

  public EncoderServer() {
    this(1_024);
  }

  /** One that queues so many texts. */
  public EncoderServer(int waiting) {
    this(waiting, UnaryOperator.identity());
  }

  /** One with other settings. */
  public EncoderServer(int waiting, UnaryOperator<ServingConfig> change) {
    embeddings = batcher("embeddings", EncoderServer::embed, waiting);
    scores = batcher("scores", this::score, waiting);
    server =
        OutcropServer.start(
            change.apply(
                ServingConfig.DEFAULT
                    .withHttp(ServingConfig.DEFAULT.http().withPort(0))
                    .withManagement(new ManagementConfig("127.0.0.1", 0, null))),
            List.of(),
            List.of(
                new ServedEncoder.Embedder(
                    "own",
                    List.of("cohere.embed-english-v3", "cohere.embed-v4:0"),
                    embeddings,
                    new CharText(true, Map.of(Purpose.QUERY, "q:")),
                    DIMENSIONS,
                    256,
                    MAX_TOKENS),
                new ServedEncoder.Reranker(
                    "rank",
                    List.of("cohere.rerank-v3-5:0", "amazon.rerank-v1:0"),
                    scores,
                    new CharText(true, Map.of()),
                    MAX_TOKENS)));
  }

  private static EncodeBatcher batcher(String name, Encoder encoder, int waiting) {
    return EncodeBatcher.start(
        name,
        encoder,
        new EncodeConfig(
            List.of(8, MAX_TOKENS), 64, 4, Duration.ZERO, waiting, 1_000_000, 1_000_000),
        System::nanoTime);
  }

  private static float[][] embed(EncodeBatch batch) {
    float[][] vectors = new float[batch.rows()][];
    for (int row = 0; row < vectors.length; row++) {
      vectors[row] = Arrays.copyOf(new float[] {3, -4}, DIMENSIONS);
    }
    return vectors;
  }

  private float[][] score(EncodeBatch batch) {
    float[][] scored = new float[batch.rows()][];
    for (int row = 0; row < scored.length; row++) {
      int[] types = batch.types(row);
      int document = 0;
      while (types[document] == 0) {
        document++;
      }
      scored[row] = new float[] {batch.tokens(row)[document] - 'm'};
      this.scored.incrementAndGet();
    }
    return scored;
  }

  public RawHttp.Response post(String path, String body) throws IOException {
    return RawHttp.post(server.port(), path, body);
  }

  @Override
  public void close() {
    server.close();
    embeddings.close();
    scores.close();
  }
}
