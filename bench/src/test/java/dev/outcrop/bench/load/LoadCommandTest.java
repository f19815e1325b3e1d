package dev.outcrop.bench.load;

import static dev.outcrop.bench.load.Loads.run;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outcrop.bench.load.Loads.Ran;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Loads against servers on real sockets that behave well, slowly or badly. */
@Timeout(120)
final class LoadCommandTest {
  @TempDir private Path folder;

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
        Ran ran = run(folder, server, scenario, "--api", api, "--model", "fake", "--key", "secret");

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
              folder,
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

  @Test
  void failuresCountAsFailures() throws Exception {
    try (FakeServer server = new FakeServer(new FakeServer.Manners(100, 0, 0, 3, 0))) {
      Ran ran =
          run(
              folder,
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
      assertThat(ran.err()).contains("first failure: http 503");
    }
  }

  @Test
  void anAnswerThatStopsInTheMiddleIsATimeout() throws Exception {
    try (FakeServer server = new FakeServer(new FakeServer.Manners(100, 0, 0, 0, 2))) {
      for (String api : List.of("openai", "converse")) {
        Ran ran =
            run(
                folder,
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
  void warmingUpTakesNothingFromTheMeasuredTime() throws Exception {
    try (FakeServer server = new FakeServer(new FakeServer.Manners(1, 300, 0, 0, 0))) {
      Ran ran =
          run(
              folder,
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
  void sweepsToSaturationAndTellsTheTimeline() throws Exception {
    Path html = folder.resolve("report.html");
    try (FakeServer server = new FakeServer(new FakeServer.Manners(2, 20, 1, 0, 0))) {
      Ran ran =
          run(
              folder,
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
}
