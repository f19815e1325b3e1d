package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.testing.Await;
import dev.outcrop.serving.testing.Breaker;
import dev.outcrop.serving.testing.FaultLog;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.RawHttp2;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * HTTP/2 frames that no client sends: whatever became of their connection, it ends, no answer is
 * 500, others are served, and nothing stays.
 */
final class FuzzedFramesTest {
  private static final int FRAMES = 20;
  private static final int CLIENTS = 4;
  private static final int KINDS = 16;

  /** The kind of frame that has other bytes than its header says, or another header. */
  private static final int BROKEN = 7;

  private static final int END_STREAM = 1;
  private static final int END_HEADERS = 4;
  private static final int WINDOW_UPDATE = 8;
  private static final int CONTINUATION = 9;
  private static final String HI =
      "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}";
  private static final String[] PATHS = {
    "/model/demo/converse", "/model/demo/converse-stream", "/nothing"
  };

  @Test
  void survivesEveryFrame() throws Exception {
    run(5_000, 1);
  }

  @Test
  @Tag("long")
  void survivesAHundredAndFiftyThousandFrames() throws Exception {
    run(150_000, System.nanoTime());
  }

  private static void run(int frames, long seed) throws Exception {
    System.out.println("frames are drawn from the seed " + seed);
    try (FaultLog faults = new FaultLog();
        TestServer server = new TestServer(request -> "0123456789");
        ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      server.batcher.forgets = true;
      connections(server, 50, new SplittableRandom(seed + CLIENTS));
      long before = heap();
      List<Future<?>> running = new ArrayList<>();
      for (int client = 0; client < CLIENTS; client++) {
        SplittableRandom random = new SplittableRandom(seed + client);
        running.add(
            clients.submit(
                () -> {
                  connections(server, frames / FRAMES / CLIENTS, random);
                  return null;
                }));
      }
      for (Future<?> client : running) {
        client.get();
      }
      Await.until(() -> server.metrics().contains("outcrop_requests_in_flight 0.0"));
      Await.until(() -> server.batcher.open() == 0);
      assertThat(server.metrics()).doesNotContain("status=\"5");
      assertThat(faults.toString()).isEmpty();
      assertThat(RawHttp.post(server.server.port(), PATHS[0], HI).status()).isEqualTo(200);
      assertThat(heap() - before).as("bytes that stayed").isLessThan(32 << 20);
    }
  }

  private static void connections(TestServer server, int count, SplittableRandom random)
      throws IOException {
    for (int i = 0; i < count; i++) {
      try (RawHttp2 http = new RawHttp2(server.server.port())) {
        send(http, random);
        http.untilEnd();
      }
    }
  }

  private static void send(RawHttp2 http, SplittableRandom random) throws IOException {
    try {
      http.open(random.nextInt(10) == 0 ? 5 : 100);
      int stream = 1;
      boolean inFrames = true;
      for (int sent = 0; sent < FRAMES; sent++, stream += 2) {
        int kind = random.nextInt(KINDS);
        inFrames &= kind != BROKEN;
        http.write(frame(random, kind, stream));
      }
      if (inFrames && random.nextBoolean()) {
        // Whatever was sent has been looked at when this is answered. After a broken frame the
        // server may wait for the rest of it.
        http.ping();
      }
      http.endOutput();
    } catch (SocketTimeoutException e) {
      throw new AssertionError("the server takes nothing any more", e);
    } catch (IOException e) {
      // The server hung up, which is its right.
    }
  }

  private static byte[] frame(SplittableRandom random, int kind, int stream) {
    byte[] body = HI.getBytes(StandardCharsets.UTF_8);
    byte[] head = RawHttp2.head(PATHS[random.nextInt(PATHS.length)]);
    Breaker breaker = new Breaker(random);
    byte[] request =
        ByteBuffer.allocate(18 + head.length + body.length)
            .put(RawHttp2.frame(RawHttp2.HEADERS, END_HEADERS, stream, head))
            .put(RawHttp2.frame(RawHttp2.DATA, END_STREAM, stream, body))
            .array();
    return switch (kind) {
      case 0, 1, 2, 3, 4, 5, 6 -> request;
      case BROKEN -> breaker.bytes(request);
      case 8 ->
          RawHttp2.frame(RawHttp2.HEADERS, END_HEADERS | END_STREAM, stream, breaker.bytes(head));
      case 9 -> RawHttp2.frame(RawHttp2.HEADERS, 0, stream, head);
      case 10 ->
          RawHttp2.frame(CONTINUATION, random.nextInt(256), random.nextInt(2) * stream, head);
      case 11 ->
          RawHttp2.frame(
              WINDOW_UPDATE, 0, random.nextInt(2) * stream, ints(random, random.nextInt()));
      case 12 ->
          RawHttp2.frame(
              RawHttp2.SETTINGS,
              0,
              0,
              ByteBuffer.allocate(6)
                  .putShort((short) random.nextInt(8))
                  .putInt(random.nextBoolean() ? random.nextInt() : random.nextInt(100_000))
                  .array());
      case 13 -> RawHttp2.frame(RawHttp2.RST_STREAM, 0, stream - 2, ints(random, 8));
      case 14 -> RawHttp2.frame(RawHttp2.DATA, random.nextInt(256), stream - 2, noise(random));
      default ->
          RawHttp2.frame(
              random.nextInt(13), random.nextInt(256), random.nextInt(2 * stream), noise(random));
    };
  }

  private static byte[] ints(SplittableRandom random, int value) {
    return ByteBuffer.allocate(4).putInt(random.nextInt(8) == 0 ? random.nextInt() : value).array();
  }

  private static byte[] noise(SplittableRandom random) {
    byte[] noise = new byte[random.nextInt(100)];
    random.nextBytes(noise);
    return noise;
  }

  private static long heap() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }
}
