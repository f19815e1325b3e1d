package dev.outcrop.serving;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.config.BatchJobsConfig;
import dev.outcrop.serving.testing.Await;
import dev.outcrop.serving.testing.Breaker;
import dev.outcrop.serving.testing.EncoderServer;
import dev.outcrop.serving.testing.FaultLog;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.RawHttp2;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.eventstream.Message;

/**
 * Requests that were right once, of every operation, over real connections: whatever became of
 * them, they are answered, never with 500, and a stream never just ends. Nothing of them stays.
 */
final class FuzzedRequestsTest {
  private static final Path FOLDER = Path.of("src/test/resources/fuzz");
  private static final int CLIENTS = 4;
  private static final String COMPLETION =
      "I look.\n<tool_call>{\"name\":\"t\",\"arguments\":{\"a\":1}}</tool_call>";

  @TempDir private Path temp;
  private TestServer text;
  private EncoderServer encoders;

  /** A request that is right, and where it goes to. */
  private record Seed(int port, String method, String target, String body) {}

  @BeforeEach
  void start() throws IOException {
    Path data = Files.createDirectories(temp.resolve("data"));
    Files.createDirectories(data.resolve("out"));
    Files.writeString(data.resolve("in.jsonl"), "{\"modelInput\":{\"prompt\":\"hi\"}}\n");
    BatchJobsConfig jobs =
        BatchJobsConfig.DEFAULT.in(temp.resolve("state"), List.of("file://" + data));
    text = new TestServer(request -> COMPLETION, config -> config.withBatchJobs(jobs));
    encoders = new EncoderServer();
  }

  @AfterEach
  void stop() {
    text.close();
    encoders.close();
  }

  @Test
  void answersEveryRequest() throws Exception {
    run(6_000, 1);
  }

  @Test
  @Tag("long")
  void answersEightHundredThousandRequests() throws Exception {
    run(800_000, System.nanoTime());
  }

  @Test
  void seedsAreRight() throws Exception {
    for (Seed seed : seeds()) {
      try (RawHttp http = new RawHttp(seed.port)) {
        RawHttp.Response response = send(http, seed, seed.target, seed.body.getBytes(UTF_8));
        assertThat(response.status()).as("%s %s", seed.target, response.text()).isEqualTo(200);
        assertThat(endsWell(seed, response)).as(seed.target).isTrue();
      }
    }
  }

  private void run(int rounds, long seed) throws Exception {
    List<Seed> seeds = seeds();
    System.out.println("requests are drawn from the seed " + seed);
    try (FaultLog faults = new FaultLog();
        ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      text.batcher.forgets = true;
      post(seeds, CLIENTS * seeds.size(), new SplittableRandom(seed + CLIENTS));
      long before = heap();
      List<Future<Map<Integer, Integer>>> running = new ArrayList<>();
      for (int client = 0; client < CLIENTS; client++) {
        SplittableRandom random = new SplittableRandom(seed + client);
        running.add(clients.submit(() -> post(seeds, rounds / CLIENTS, random)));
      }
      Map<Integer, Integer> statuses = new TreeMap<>();
      for (Future<Map<Integer, Integer>> client : running) {
        client.get().forEach((status, count) -> statuses.merge(status, count, Integer::sum));
      }
      System.out.println("answers by status: " + statuses);
      assertThat(statuses).containsKeys(200, 400, 404);
      assertThat(statuses.keySet()).allMatch(status -> status < 500);
      assertThat(faults.toString()).isEmpty();
      Await.until(() -> text.metrics().contains("outcrop_requests_in_flight 0.0"));
      Await.until(() -> text.batcher.open() == 0);
      assertThat(heap() - before).as("bytes that stayed").isLessThan(32 << 20);
    }
  }

  private static Map<Integer, Integer> post(List<Seed> seeds, int rounds, SplittableRandom random)
      throws IOException {
    Map<Integer, Integer> statuses = new HashMap<>();
    Map<Integer, RawHttp> connections = new HashMap<>();
    Breaker breaker = new Breaker(random);
    try {
      for (int round = 0; round < rounds; round++) {
        Seed seed = seeds.get(random.nextInt(seeds.size()));
        boolean get = seed.method.equals("GET");
        byte[] body = get ? new byte[0] : breaker.of(seed.body);
        String target = get ? breaker.target(seed.target) : seed.target;
        RawHttp http = connections.get(seed.port);
        if (http == null) {
          http = new RawHttp(seed.port);
          connections.put(seed.port, http);
        }
        RawHttp.Response response = send(http, seed, target, body);
        statuses.merge(response.status(), 1, Integer::sum);
        assertThat(response.status()).as(() -> describe(target, body, response)).isLessThan(500);
        assertThat(response.status() == 200 ? endsWell(seed, response) : tells(response))
            .as(() -> describe(target, body, response))
            .isTrue();
        if ("close".equals(response.header("connection"))) {
          connections.remove(seed.port).close();
        }
      }
    } finally {
      for (RawHttp http : connections.values()) {
        http.close();
      }
    }
    return statuses;
  }

  private static RawHttp.Response send(RawHttp http, Seed seed, String target, byte[] body)
      throws IOException {
    http.write(
        "%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
            .formatted(seed.method, target, body.length));
    http.write(body);
    return http.response();
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
    return seed.target.endsWith("converse-stream")
        ? event.equals("metadata")
        : event.equals("chunk");
  }

  private static String describe(String target, byte[] body, RawHttp.Response response) {
    return "%s %s answered by %d %s"
        .formatted(target, new String(body, UTF_8), response.status(), response.text());
  }

  private static long heap() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }

  private List<Seed> seeds() throws IOException {
    List<Seed> seeds = new ArrayList<>(seeds("requests.txt", text.server.port()));
    seeds.addAll(seeds("encoder-requests.txt", encoders.server.port()));
    return seeds;
  }

  private List<Seed> seeds(String file, int port) throws IOException {
    return Files.readAllLines(FOLDER.resolve(file)).stream()
        .filter(line -> !line.isBlank() && !line.startsWith("#"))
        .map(line -> line.replace("DATA/", "file://" + temp.resolve("data") + "/").split(" ", 3))
        .map(parts -> new Seed(port, parts[0], parts[1], parts[2].equals("-") ? "" : parts[2]))
        .toList();
  }
}
