package dev.outcrop.bench.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

final class HttpCommandTest {
  @Test
  void countsEveryTokenOfBothRuns() throws Exception {
    PrintStream before = System.out;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int status;
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    try {
      status =
          new CommandLine(new HttpCommand())
              .execute(
                  "--streams=4",
                  "--calm-streams=2",
                  "--calm-rate=50",
                  "--warmup=0.1",
                  "--seconds=0.5");
    } finally {
      System.setOut(before);
    }
    assertThat(status).isZero();
    JsonNode result = new ObjectMapper().readTree(out.toString(StandardCharsets.UTF_8));
    assertThat(result.get("results")).hasSize(2);
    assertThat(result.at("/results/0/offeredTokensPerSecond").doubleValue()).isEqualTo(320);
    assertThat(result.get("tokensPerSecond").doubleValue()).isPositive();
    assertThat(result.get("flushesPerToken").doubleValue()).isGreaterThan(0).isLessThanOrEqualTo(1);
    assertThat(result.get("addedP99Ms").doubleValue()).isPositive();
  }

  @Test
  void givesStreamsTheirOwnPaceAndPlace() {
    PacedBatcher.Pace pace = new PacedBatcher.Pace(5, 60, 100, false);

    assertThat(pace.intervalNanos(0)).isEqualTo(16_666_667);
    assertThat(pace.intervalNanos(2)).isEqualTo(12_500_000);
    assertThat(pace.intervalNanos(4)).isEqualTo(10_000_000);
    assertThat(pace.phaseNanos(0)).isZero();
    assertThat(pace.phaseNanos(4)).isEqualTo(8_000_000);
    assertThat(pace.tokensPerSecond()).isEqualTo(400);
    assertThat(new PacedBatcher.Pace(5, 80, 80, true).phaseNanos(4)).isZero();
  }

  @Test
  void findsPercentilesWithinAHundredth() {
    Delays delays = new Delays();
    for (int i = 1; i <= 1_000; i++) {
      delays.add(i * 1_000L);
    }

    assertThat(delays.percentile(0.5)).isBetween(500_000.0, 505_000.0);
    assertThat(delays.percentile(0.99)).isBetween(990_000.0, 1_000_000.0);
    assertThat(delays.percentile(1)).isBetween(1_000_000.0, 1_010_000.0);
    assertThat(delays.mean()).isEqualTo(500_500);
  }
}
