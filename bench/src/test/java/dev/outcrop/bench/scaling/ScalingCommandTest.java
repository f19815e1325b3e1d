package dev.outcrop.bench.scaling;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

final class ScalingCommandTest {
  @Test
  void comparesBothTracesAtEqualPodHours() throws Exception {
    PrintStream before = System.out;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int status;
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    try {
      status = new CommandLine(new ScalingCommand()).execute("--thresholds=5", "--running=10");
    } finally {
      System.setOut(before);
    }
    assertThat(status).isZero();
    JsonNode result = new ObjectMapper().readTree(out.toString(StandardCharsets.UTF_8));
    assertThat(result.get("results"))
        .hasSize(6); // for each trace the policy alone, waiting, and running
    for (int i : new int[] {1, 2, 4, 5}) {
      assertThat(result.get("results").get(i).get("podHoursApart").doubleValue())
          .isBetween(-0.02, 0.02);
    }
    assertThat(result.get("uniformP95Ratio").doubleValue()).isGreaterThan(1);
    assertThat(result.get("mixedP95Ratio").doubleValue()).isGreaterThan(2);
    result
        .get("results")
        .forEach(
            entry ->
                entry
                    .fieldNames()
                    .forEachRemaining(
                        name -> assertThat(result.get("units").has(name)).as(name).isTrue()));
  }
}
