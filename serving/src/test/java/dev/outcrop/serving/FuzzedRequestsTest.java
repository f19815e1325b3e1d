package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.testing.Await;
import dev.outcrop.serving.testing.Breaker;
import dev.outcrop.serving.testing.FaultLog;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.RawHttp2;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import software.amazon.eventstream.Message;

/**
 * Bodies that were right once, of every operation, over real connections: whatever became of them,
 * they are answered, never with 500, and a stream never just ends. Nothing of them stays.
 */
final class FuzzedRequestsTest {
  private static final Path SEEDS = Path.of("src/test/resources/fuzz/requests.txt");
  private static final int CLIENTS = 4;
  private static final String COMPLETION =
      "I look.\n<tool_call>{\"name\":\"t\",\"arguments\":{\"a\":1}}</tool_call>";

  /** A request that is right. */
  private record Seed(String path, String body) {}

  @Test
  void answersEveryBody() throws Exception {
    run(6_000, 1);
  }

  @Test
  @Tag("long")
  void answersEightHundredThousandBodies() throws Exception {
    run(800_000, System.nanoTime());
  }

  @Test
  void seedsAreRight() throws Exception {
    try (TestServer server = new TestServer(request -> COMPLETION)) {
      for (Seed seed : seeds()) {
        RawHttp.Response response = RawHttp.post(server.server.port(), seed.path, seed.body);
        assertThat(response.status()).as("%s %s", seed.path, response.text()).isEqualTo(200);
        assertThat(endsWell(seed, response)).as(seed.path).isTrue();
      }
    }
  }

  private void run(int rounds, long seed) throws Exception {
    List<Seed> seeds = seeds();
    System.out.println("bodies are drawn from the seed " + seed);
    try (FaultLog faults = new FaultLog();
        TestServer server = new TestServer(request -> COMPLETION);
        ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      server.batcher.forgets = true;
      post(server, seeds, CLIENTS * seeds.size(), new SplittableRandom(seed + CLIENTS));
      long before = heap();
      List<Future<Map<Integer, Integer>>> running = new ArrayList<>();
      for (int client = 0; client < CLIENTS; client++) {
        SplittableRandom random = new SplittableRandom(seed + client);
        running.add(clients.submit(() -> post(server, seeds, rounds / CLIENTS, random)));
      }
      Map<Integer, Integer> statuses = new TreeMap<>();
      for (Future<Map<Integer, Integer>> client : running) {
        client.get().forEach((status, count) -> statuses.merge(status, count, Integer::sum));
      }
      System.out.println("answers by status: " + statuses);
      assertThat(statuses).containsKeys(200, 400);
      assertThat(statuses.keySet()).allMatch(status -> status < 500);
      assertThat(faults.toString()).isEmpty();
      Await.until(() -> server.metrics().contains("outcrop_requests_in_flight 0.0"));
      assertThat(server.batcher.open()).isZero();
      assertThat(heap() - before).as("bytes that stayed").isLessThan(32 << 20);
    }
  }

  private static Map<Integer, Integer> post(
      TestServer server, List<Seed> seeds, int rounds, SplittableRandom random) throws IOException {
    Map<Integer, Integer> statuses = new HashMap<>();
    Breaker breaker = new Breaker(random);
    RawHttp http = new RawHttp(server.server.port());
    try {
      for (int round = 0; round < rounds; round++) {
        Seed seed = seeds.get(random.nextInt(seeds.size()));
        byte[] body = breaker.of(seed.body);
        http.write(
            "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
                .formatted(seed.path, body.length));
        http.write(body);
        RawHttp.Response response = http.response();
        statuses.merge(response.status(), 1, Integer::sum);
        assertThat(response.status()).as(() -> describe(seed, body, response)).isLessThan(500);
        assertThat(response.status() == 200 ? endsWell(seed, response) : tells(response))
            .as(() -> describe(seed, body, response))
            .isTrue();
        if ("close".equals(response.header("connection"))) {
          http.close();
          http = new RawHttp(server.server.port());
        }
      }
    } finally {
      http.close();
    }
    return statuses;
  }

  private static boolean tells(RawHttp.Response response) {
    return response.text().contains("\"message\"") && response.header("x-amzn-requestid") != null;
  }

  /** Whether an answer has an end that its client can tell from one that was cut. */
  private static boolean endsWell(Seed seed, RawHttp.Response response) {
    String type = response.header("content-type");
    if (type.startsWith("text/event-stream")) {
      return response.text().endsWith("data: [DONE]\n\n");
    }
    if (!type.equals("application/vnd.amazon.eventstream")) {
      return response.text().startsWith("{") && response.text().endsWith("}");
    }
    List<Message> messages = RawHttp2.messages(response.body());
    Message last = messages.getLast();
    if (last.getHeaders().get(":message-type").getString().equals("exception")) {
      return true;
    }
    String event = last.getHeaders().get(":event-type").getString();
    return seed.path.endsWith("converse-stream") ? event.equals("metadata") : event.equals("chunk");
  }

  private static String describe(Seed seed, byte[] body, RawHttp.Response response) {
    return "%s %s answered by %d %s"
        .formatted(
            seed.path,
            new String(body, StandardCharsets.UTF_8),
            response.status(),
            response.text());
  }

  private static long heap() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }

  private static List<Seed> seeds() throws IOException {
    return Files.readAllLines(SEEDS).stream()
        .filter(line -> !line.isBlank() && !line.startsWith("#"))
        .map(line -> line.split(" ", 2))
        .map(parts -> new Seed(parts[0], parts[1]))
        .toList();
  }
}
