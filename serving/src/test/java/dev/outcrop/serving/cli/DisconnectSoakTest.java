package dev.outcrop.serving.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.batching.Signals;
import dev.outcrop.serving.config.ModelConfig;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Clients that go away at random moments: their KV comes back and nothing grows. */
@Tag("long")
final class DisconnectSoakTest {
  private static final int CLIENTS_AT_ONCE = 32;
  private static final int REQUESTS = 1_000;

  @Test
  void freesTheKvOfClientsThatGoAwayAndKeepsMemoryFlat() throws Exception {
    try (DemoServer demo = new DemoServer(ModelConfig.Dtype.AUTO)) {
      run(demo, REQUESTS, 1);
      long before = residentKilobytes();

      run(demo, REQUESTS, 2);

      long after = residentKilobytes();
      Signals signals = demo.models.served().getFirst().batcher().signals();
      System.out.printf(
          "%d requests, half of them cut: referenced KV units %d, cached %d of %d, resident %d MB before,"
              + " %d MB after%n",
          REQUESTS,
          signals.kvUnitsReferenced(),
          signals.kvUnitsCached(),
          signals.kvUnits(),
          before / 1_024,
          after / 1_024);
      assertThat(signals.kvUnitsReferenced()).isZero();
      assertThat(signals.kvUnitsCached()).isLessThanOrEqualTo(signals.kvUnits());
      assertThat(after - before).as("growth in kilobytes").isLessThan(100 * 1_024);
    }
  }

  private static void run(DemoServer demo, int requests, long seed) throws Exception {
    Random random = new Random(seed);
    try (ExecutorService clients = Executors.newFixedThreadPool(CLIENTS_AT_ONCE)) {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < requests; i++) {
        int bytes = random.nextBoolean() ? Integer.MAX_VALUE : random.nextInt(6_000);
        int to = 5 + random.nextInt(60);
        all.add(clients.submit(() -> converse(demo, to, bytes)));
      }
      for (Future<?> one : all) {
        one.get();
      }
    }
    long deadline = System.nanoTime() + 30_000_000_000L;
    while (demo.models.served().getFirst().batcher().signals().running() > 0
        && System.nanoTime() < deadline) {
      Thread.onSpinWait();
    }
  }

  /** One request on a socket of its own that is reset after so many bytes of the answer. */
  private static Void converse(DemoServer demo, int to, int bytes) throws IOException {
    String body =
        """
        {"messages":[{"role":"user","content":[{"text":"Count from 1 to %d."}]}]}"""
            .formatted(to);
    try (Socket socket = new Socket(demo.endpoint().getHost(), demo.endpoint().getPort())) {
      socket.setSoTimeout(60_000);
      socket.setSoLinger(bytes != Integer.MAX_VALUE, 0);
      socket
          .getOutputStream()
          .write(
              ("POST /model/%s/converse-stream HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                      + "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s")
                  .formatted(DemoServer.MODEL, body.length(), body)
                  .getBytes(StandardCharsets.US_ASCII));
      InputStream in = socket.getInputStream();
      byte[] buffer = new byte[512];
      for (int read = 0; read < bytes; ) {
        int count = in.read(buffer);
        if (count < 0 || lastChunk(buffer, count)) {
          break;
        }
        read += count;
      }
    }
    return null;
  }

  private static boolean lastChunk(byte[] buffer, int count) {
    return new String(buffer, 0, count, StandardCharsets.ISO_8859_1).endsWith("0\r\n\r\n");
  }

  private static long residentKilobytes() throws IOException {
    System.gc();
    try (var lines = Files.lines(Path.of("/proc/self/status"))) {
      return lines
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
          .findFirst()
          .orElseThrow();
    }
  }
}
