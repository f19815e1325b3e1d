package dev.outcrop.bench.load;

import static dev.outcrop.bench.load.Loads.PATIENT;
import static dev.outcrop.bench.load.Loads.run;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outcrop.bench.load.Loads.Ran;
import java.io.IOException;
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

/** What is sent and when: arrivals, prompts, turns of conversations and recorded traffic. */
@Timeout(120)
final class LoadTrafficTest {
  @TempDir private Path folder;

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
              folder,
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
              folder,
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
      run(folder, server, scenario, seed);
      Set<String> prompts = new HashSet<>();
      server.bodies.forEach(body -> prompts.add(body.at("/messages/0/content").textValue()));
      return prompts;
    }
  }

  @Test
  void conversationsAndTheirRequestsHaveRatesOfTheirOwn() throws Exception {
    try (FakeServer server = new FakeServer(FakeServer.Manners.GOOD)) {
      Ran ran =
          run(
              folder,
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
              folder,
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
        assertThat(ran.result().toString() + ran.err()).doesNotContain("confidential");
      }
    }
  }
}
