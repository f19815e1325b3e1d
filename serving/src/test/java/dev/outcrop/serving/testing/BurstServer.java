package dev.outcrop.serving.testing;

import dev.outcrop.batching.Batcher;
import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.loop.Batchers;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.testing.FakeEngine;
import dev.outcrop.models.testing.Roofline;
import dev.outcrop.serving.OutcropServer;
import dev.outcrop.serving.config.AuthConfig;
import dev.outcrop.serving.config.ManagementConfig;
import dev.outcrop.serving.config.ServingConfig;
import dev.outcrop.serving.generate.ServedModel;
import dev.outcrop.serving.testing.Burst.Arrival;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;

/**
 * A server with a key for each tenant of a {@link Burst}, on an engine without weights that takes
 * the time of an H100 with an 8 B model in bfloat16, at half of its peak.
 */
public final class BurstServer implements AutoCloseable {
  public static final int TOKENS = 50;
  private static final Duration PATIENCE = Duration.ofMinutes(5);
  private static final String MODEL = "burst";
  private static final int ID_AT = "user: ".length();
  private static final KvGeometry GEOMETRY = new KvGeometry(32, 8_192, 131_072, 8_192);
  private static final Roofline H100 = Roofline.dense(8_000_000_000L, 2, 3.35e12, 495e12, 300_000);

  private final Batcher batcher;
  private final OutcropServer server;

  /**
   * Starts one.
   *
   * @param watched what to put around the batcher
   */
  public BurstServer(
      Path folder,
      FakeEngine.NextToken next,
      FakeEngine.Sleeper sleeper,
      LongSupplier clock,
      UnaryOperator<Batcher> watched)
      throws IOException {
    StringBuilder keys = new StringBuilder();
    Burst.tenants()
        .forEach(tenant -> keys.append(hash(tenant)).append(' ').append(tenant).append('\n'));
    Path keyFile = Files.writeString(folder.resolve("keys.txt"), keys);
    FakeEngine engine = new FakeEngine(GEOMETRY, H100, next, FakeEngine.StepFault.NONE, sleeper);
    batcher = watched.apply(Batchers.start(MODEL, engine, BatchingConfig.DEFAULT, clock));
    server =
        OutcropServer.start(
            ServingConfig.DEFAULT
                .withHttp(ServingConfig.DEFAULT.http().withPort(0))
                .withManagement(new ManagementConfig("127.0.0.1", 0, null))
                .withAuth(new AuthConfig(keyFile)),
            List.of(
                new ServedModel(MODEL, List.of(), batcher, new ByteText(), TestServer.DEFAULTS)));
  }

  /** Sends a request; its answer has {@link #TOKENS} tokens. */
  public RawHttp send(Arrival arrival, String operation) throws IOException {
    String body =
        "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"%d %s\"}]}],\"inferenceConfig\":{\"maxTokens\":%d}}"
            .formatted(arrival.id(), "x".repeat(arrival.promptTokens()), TOKENS);
    RawHttp http = new RawHttp(server.port());
    http.waitFor(PATIENCE);
    http.write(
        RawHttp.request(
            "POST",
            "/model/" + MODEL + "/" + operation,
            body,
            "Authorization: Bearer " + arrival.tenant() + "\r\n"));
    return http;
  }

  /** The id of the request that a prompt came with. */
  public static int id(int[] prompt) {
    int end = ID_AT;
    while (prompt[end] != ' ') {
      end++;
    }
    return Integer.parseInt(ByteText.text(prompt, ID_AT, end));
  }

  private static String hash(String key) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    server.close();
    batcher.close();
  }
}
