package dev.outcrop.bench.load;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Loads against servers on real sockets that behave well, slowly or badly. */
@Timeout(120)
final class LoadCommandTest {
  /** Tests run on machines that are busy; whether the client lagged is another test's. */
  private static final String PATIENT = "--most-lag=60000";

  @TempDir private Path folder;
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  /** What a run printed. */
  private record Ran(int status, JsonNode result) {
    JsonNode point(int index) {
      return result.get("results").get(index);
    }
  }

  private Ran run(FakeServer server, String scenario, String... more) throws IOException {
    Path file = Files.writeString(folder.resolve("test.yaml"), scenario);
    List<String> arguments = new ArrayList<>(List.of("--target", server.uri(), PATIENT));
    arguments.addAll(List.of("--scenario", file.toString()));
    arguments.addAll(List.of(more));
    return run(arguments);
  }

  private Ran run(List<String> arguments) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    PrintStream outBefore = System.out;
    PrintStream errBefore = System.err;
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
    int status;
    try {
      status =
          new CommandLine(new LoadCommand())
              .setCaseInsensitiveEnumValuesAllowed(true)
              .execute(arguments.toArray(String[]::new));
    } finally {
      System.setOut(outBefore);
      System.setErr(errBefore);
    }
    return new Ran(status, new ObjectMapper().readTree(out.toString(StandardCharsets.UTF_8)));
  }

  @Test
  void countsWhatTheServerCountsOverBothApis() throws Exception {
    String scenario =
        """
        arrivals: {closed: {concurrency: 2}}
        shape: {random: {input: 100, output: 5}}
        requests: 6
        repeats: 2
        seed: 5
        """;
    for (String api : List.of("openai", "converse")) {
      try (FakeServer server = new FakeServer(FakeServer.Manners.GOOD)) {
        Ran ran = run(server, scenario, "--api", api, "--model", "fake", "--key", "secret");

        assertThat(ran.status()).isZero();
        JsonNode point = ran.point(0);
        assertThat(point.get("completed").doubleValue()).isEqualTo(6);
        assertThat(point.get("failed").doubleValue()).isZero();
        assertThat(point.get("total_output_tokens").doubleValue()).isEqualTo(30);
        assertThat(point.get("mean_input_tokens").doubleValue()).isBetween(90.0, 110.0);
        assertThat(point.get("median_tpot_ms").doubleValue()).isNotNegative();
        assertThat(point.has("ci95_output_throughput")).isTrue();
        assertThat(ran.result().at("/shape/seed").longValue()).isEqualTo(5);
        assertThat(server.authorizations).allMatch("Bearer secret"::equals);
        assertThat(ran.result().toString()).doesNotContain("secret");
      }
    }
  }

  @Test
  void findsTheApiAndTheModelByItself() throws Exception {
    try (FakeServer server = new FakeServer(FakeServer.Manners.GOOD)) {
      Ran ran =
          run(
              server,
              """
              arrivals: {closed: {concurrency: 1}}
              shape: {random: {input: 30, output: 2}}
              requests: 1
              repeats: 1
              """,
              "--instance=p4d.24xlarge");

      assertThat(ran.status()).isZero();
      assertThat(ran.result().at("/shape/instance").textValue()).isEqualTo("p4d.24xlarge");
      assertThat(ran.result().at("/shape/devices").intValue()).isEqualTo(8);
      assertThat(ran.result().at("/shape/api").textValue()).isEqualTo("openai");
      assertThat(ran.result().at("/shape/model").textValue()).isEqualTo("fake");
      assertThat(server.authorizations).allMatch("null"::equals);
    }
  }

  /**
   * The server serves one request at a time, each in 50 ms. Forty come each second, so the queue
   * grows for two seconds and half of all requests wait longer than about one.
   */
  @Test
  void anOpenLoopTellsTheTimeInTheQueueAndAClosedLoopHidesIt() throws Exception {
    FakeServer.Manners slow = new FakeServer.Manners(1, 50, 0, 0, 0);
    double openMedian;
    try (FakeServer server = new FakeServer(slow)) {
      Ran open =
          run(
              server,
              """
              arrivals: {poisson: {rate: 40}}
              shape: {random: {input: 30, output: 1}}
              duration: 2s
              repeats: 1
              seed: 1
              slo: {ttft: 400, tpot: 100}
              """);
      assertThat(open.point(0).get("completed").intValue()).isGreaterThan(50);
      openMedian = open.point(0).get("median_ttft_ms").doubleValue();
      assertThat(openMedian).isGreaterThan(600);
      assertThat(open.point(0).get("p99_ttft_ms").doubleValue()).isGreaterThan(1_200);
      assertThat(open.point(0).get("slo").textValue()).isEqualTo("missed");
      assertThat(server.most.get()).as("nobody waits for others").isGreaterThan(20);
    }
    try (FakeServer server = new FakeServer(slow)) {
      Ran closed =
          run(
              server,
              """
              arrivals: {closed: {concurrency: 1}}
              shape: {random: {input: 30, output: 1}}
              duration: 2s
              repeats: 1
              """);
      assertThat(closed.point(0).get("median_ttft_ms").doubleValue()).isBetween(50.0, openMedian);
      assertThat(server.most.get()).isEqualTo(1);
    }
  }

  @Test
  void failuresCountAsFailures() throws Exception {
    try (FakeServer server = new FakeServer(new FakeServer.Manners(100, 0, 0, 3, 0))) {
      Ran ran =
          run(
              server,
              """
              arrivals: {poisson: {rate: 200}}
              shape: {random: {input: 30, output: 3}}
              requests: 30
              repeats: 1
              slo: {ttft: 60000, tpot: 60000}
              """);

      JsonNode point = ran.point(0);
      assertThat(point.get("failed").doubleValue()).isEqualTo(10);
      assertThat(point.get("completed").doubleValue()).isEqualTo(20);
      assertThat(point.get("failures").textValue()).isEqualTo("http 503: 10");
      assertThat(point.get("slo_attainment").doubleValue()).isBetween(0.66, 0.67);
      assertThat(point.get("slo").textValue()).isEqualTo("missed");
      assertThat(err.toString(StandardCharsets.UTF_8)).contains("first failure: http 503");
    }
  }

  @Test
  void anAnswerThatStopsInTheMiddleIsATimeout() throws Exception {
    try (FakeServer server = new FakeServer(new FakeServer.Manners(100, 0, 0, 0, 2))) {
      for (String api : List.of("openai", "converse")) {
        Ran ran =
            run(
                server,
                """
                arrivals: {closed: {concurrency: 1}}
                shape: {random: {input: 30, output: 3}}
                requests: 4
                repeats: 1
                timeout: 2s
                """,
                "--api",
                api,
                "--model=fake");

        // Two stop; on a machine that is busy others may take too long, too.
        assertThat(ran.point(0).get("failures").textValue()).matches("timeout: [2-4]");
        double failed = ran.point(0).get("failed").doubleValue();
        assertThat(ran.point(0).get("completed").doubleValue()).isEqualTo(4 - failed);
      }
    }
  }

  @Test
  void aClientThatLagsIsNotBelieved() throws Exception {
    try (FakeServer server = new FakeServer(FakeServer.Manners.GOOD)) {
      Path file =
          Files.writeString(
              folder.resolve("test.yaml"),
              """
              arrivals: {poisson: {rate: 20000}}
              shape: {random: {input: 2000, output: 1}}
              requests: 3000
              repeats: 1
              """);

      Ran ran =
          run(List.of("--target", server.uri(), "--scenario", file.toString(), "--most-lag", "1"));

      assertThat(ran.status()).isEqualTo(3);
      assertThat(ran.point(0).get("valid").textValue()).startsWith("no, in repeat 1 the client");
      assertThat(ran.result().get("invalid_points").intValue()).isEqualTo(1);
      assertThat(ran.result().has("max_request_goodput")).isFalse();
    }
  }

  @Test
  void promptsAreUniqueAndTheSeedDrawsThemAgain() throws Exception {
    String scenario =
        """
        arrivals: {closed: {concurrency: 1}}
        shape: {random: {input: 60, output: 1}}
        requests: 5
        repeats: 2
        """;
    Set<String> first = prompts(scenario, "--seed=9");
    assertThat(first).as("two of the calibration, 5 of each repeat").hasSize(12);
    assertThat(prompts(scenario, "--seed=9")).isEqualTo(first);
    assertThat(prompts(scenario, "--seed=10")).doesNotContainAnyElementsOf(first);
  }

  private Set<String> prompts(String scenario, String seed) throws IOException {
    try (FakeServer server = new FakeServer(FakeServer.Manners.GOOD)) {
      run(server, scenario, seed);
      Set<String> prompts = new HashSet<>();
      server.bodies.forEach(body -> prompts.add(body.at("/messages/0/content").textValue()));
      return prompts;
    }
  }

  @Test
  void warmingUpTakesNothingFromTheMeasuredTime() throws Exception {
    try (FakeServer server = new FakeServer(new FakeServer.Manners(1, 300, 0, 0, 0))) {
      Ran ran =
          run(
              server,
              """
              arrivals: {closed: {concurrency: 1}}
              shape: {random: {input: 30, output: 1}}
              warmup: 4
              duration: 1s
              repeats: 1
              """);

      assertThat(ran.status()).isZero();
      assertThat(ran.point(0).get("duration").doubleValue()).isGreaterThan(0.9);
    }
  }

  @Test
  void conversationsAndTheirRequestsHaveRatesOfTheirOwn() throws Exception {
    try (FakeServer server = new FakeServer(FakeServer.Manners.GOOD)) {
      Ran ran =
          run(
              server,
              """
              arrivals: {poisson: {rate: 20}}
              shape: {multiTurn: {turns: 3, input: 30, output: 1}}
              duration: 2s
              repeats: 1
              seed: 1
              """);

      JsonNode point = ran.point(0);
      assertThat(point.get("point").textValue()).isEqualTo("20.00 conversations/s");
      assertThat(point.get("conversation_rate").doubleValue()).isEqualTo(20);
      assertThat(point.get("request_rate")).isEqualTo(point.get("offered_request_rate"));
      assertThat(point.get("request_rate").doubleValue()).isGreaterThan(30);
    }
  }

  @Test
  void turnsSendWhatWasSaidBefore() throws Exception {
    try (FakeServer server = new FakeServer(FakeServer.Manners.GOOD)) {
      Ran ran =
          run(
              server,
              """
              arrivals: {closed: {concurrency: 1}}
              shape: {multiTurn: {system: 20, turns: 3, input: 30, output: 2}}
              requests: 1
              repeats: 1
              """);

      assertThat(ran.point(0).get("completed").doubleValue()).isEqualTo(3);
      JsonNode last = server.bodies.getLast().get("messages");
      assertThat(StreamSupport.stream(last.spliterator(), false).map(m -> m.get("role").asText()))
          .containsExactly("system", "user", "assistant", "user", "assistant", "user");
      assertThat(last.get(2).get("content").asText()).isEqualTo("word word ");
    }
  }

  @Test
  void sweepsToSaturationAndTellsTheTimeline() throws Exception {
    Path html = folder.resolve("report.html");
    try (FakeServer server = new FakeServer(new FakeServer.Manners(2, 20, 1, 0, 0))) {
      Ran ran =
          run(
              server,
              """
              arrivals: {saturate: {rates: 2, mostUsers: 8}}
              shape: {random: {input: 30, output: 4}}
              duration: 1s
              repeats: 1
              """,
              "--metrics=" + server.uri() + "/metrics",
              "--html=" + html);

      List<String> loops = new ArrayList<>();
      ran.result().get("results").forEach(point -> loops.add(point.get("loop").textValue()));
      assertThat(loops).startsWith("closed", "closed").endsWith("open", "open");
      assertThat(ran.result().get("max_output_throughput").doubleValue()).isPositive();
      List<String> figures = new ArrayList<>();
      ran.result().get("series").forEach(series -> figures.add(series.get("figure").textValue()));
      assertThat(figures)
          .contains("ttft_ms", "itl_cdf", "kv_cache_usage", "requests_running", "requests_waiting");
      assertThat(Files.readString(html))
          .contains("TTFT by rate", "Throughput by concurrency", "KV cache over time")
          .contains("Throughput per device by speed per user");
    }
  }

  @Test
  void replaysItsOwnTrafficWithoutShowingTexts() throws Exception {
    Path log =
        Files.writeString(
            folder.resolve("log.json"),
            """
            {"timestamp":"2026-11-01T10:00:00.000Z","modelId":"meta.llama","input":{"inputTokenCount":40,"inputBodyJson":{"messages":[{"role":"user","content":[{"text":"confidential words"}]}]}},"output":{"outputTokenCount":2}}
            {"timestamp":"2026-11-01T10:00:00.500Z","modelId":"meta.llama","input":{"inputTokenCount":80},"output":{"outputTokenCount":3}}
            {"timestamp":"2026-11-01T10:00:01.000Z","modelId":"meta.llama","errorCode":"Throttling"}
            """);
    for (boolean texts : List.of(false, true)) {
      try (FakeServer server = new FakeServer(FakeServer.Manners.GOOD)) {
        List<String> options = new ArrayList<>(List.of("--target", server.uri(), PATIENT));
        options.addAll(List.of("--scenario=replay", "--trace", log.toString(), "--repeats=1"));
        if (texts) {
          options.add("--texts");
        }

        Ran ran = run(options);

        assertThat(ran.status()).isZero();
        assertThat(ran.point(0).get("total_output_tokens").doubleValue()).isEqualTo(5);
        assertThat(ran.result().at("/shape/traceRecordsLeftOut").intValue()).isEqualTo(1);
        assertThat(ran.result().at("/shape/traceName").textValue()).isEqualTo("log.json");
        assertThat(ran.result().at("/shape/traceSha256").textValue()).hasSize(64);
        assertThat(server.bodies.toString().contains("confidential")).isEqualTo(texts);
        assertThat(ran.result().toString() + err).doesNotContain("confidential");
      }
    }
  }
}
