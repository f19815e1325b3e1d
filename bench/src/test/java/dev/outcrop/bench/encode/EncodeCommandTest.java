package dev.outcrop.bench.encode;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

final class EncodeCommandTest {
  @Test
  void measuresAllWaysAndTheDifferenceOfABatch() throws Exception {
    PrintStream before = System.out;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int status;
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    try {
      status =
          new CommandLine(new EncodeCommand())
              .execute("--shape=32,2,4,64,100", "--seconds=0.05", "--repeats=1", "--callers=8");
    } finally {
      System.setOut(before);
    }
    assertThat(status).isZero();
    JsonNode result = new ObjectMapper().readTree(out.toString(StandardCharsets.UTF_8));
    assertThat(result.get("results")).hasSize(3);
    assertThat(result.get("speedUp").doubleValue()).isPositive();
    assertThat(result.get("lonelyP50OverUnbatched").doubleValue()).isPositive();
    assertThat(result.get("batchedDifference").doubleValue()).isBetween(0.0, 1e-5);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"--shape=32,2,4,64", "--shape=33,2,4,64,100", "--tokens=1", "--callers=0"})
  void refusesWrongOptions(String option) {
    assertThat(
            new CommandLine(new EncodeCommand())
                .setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8))
                .execute(option))
        .isEqualTo(2);
  }
}
