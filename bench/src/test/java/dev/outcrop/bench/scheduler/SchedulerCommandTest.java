package dev.outcrop.bench.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class SchedulerCommandTest {
  @Test
  void printsOneJsonWithTheFiguresAtItsTopLevel() throws Exception {
    System.setProperty("jmh.ignoreLock", "true"); // another build may measure at the same time

    JsonNode json =
        stdout("--sequences=50", "--forks=0", "--warmup=0", "--iterations=2", "--seconds=0.05");

    assertThat(json.get("p50Micros").asDouble()).isPositive();
    assertThat(json.get("p99Micros").asDouble())
        .isGreaterThanOrEqualTo(json.get("p50Micros").asDouble());
    assertThat(json.get("bytesPerStep").asDouble()).isNotNegative();
    assertThat(json.get("fairTokensPerSecond").asDouble()).isPositive();
    assertThat(json.get("fcfsTokensPerSecond").asDouble()).isPositive();
    assertThat(json.get("fairnessCost").isNumber()).isTrue();
    assertThat(json.get("results").get(0).get("running").asDouble()).isGreaterThan(45);
  }

  private static JsonNode stdout(String... arguments) throws Exception {
    PrintStream before = System.out;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    try {
      assertThat(new CommandLine(new SchedulerCommand()).execute(arguments)).isZero();
    } finally {
      System.setOut(before);
    }
    return new ObjectMapper()
        .enable(com.fasterxml.jackson.databind.DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
        .readTree(out.toByteArray());
  }
}
