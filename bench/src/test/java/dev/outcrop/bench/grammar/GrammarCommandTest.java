package dev.outcrop.bench.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

final class GrammarCommandTest {
  @Test
  void measuresStepsWithAndWithoutMasksAndCompilations() throws Exception {
    PrintStream before = System.out;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int status;
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    try {
      status =
          new CommandLine(new GrammarCommand())
              .execute(
                  "--shape=32,2,4,2,64,1500",
                  "--dtype=FLOAT32",
                  "--batch=3",
                  "--prompt=4",
                  "--steps=40",
                  "--repeats=2",
                  "--threads=1");
    } finally {
      System.setOut(before);
    }
    assertThat(status).isZero();
    JsonNode results =
        new ObjectMapper().readTree(out.toString(StandardCharsets.UTF_8)).get("results");
    assertThat(results).hasSize(1 + Schemas.all().size());
    assertThat(results.get(0).get("maskedOverPlain").doubleValue()).isPositive();
    JsonNode steps = results.get(0);
    for (String micros : List.of("maskMicrosPerRow", "maskMicrosPerStep", "coldMaskMicros")) {
      assertThat(steps.get(micros).doubleValue()).as(micros).isPositive();
    }
    // In each of two runs, every step's rows and those of the first tokens.
    int masks = steps.get("coldMasks").intValue() + steps.get("warmMasks").intValue();
    assertThat(masks).isEqualTo(2 * (40 + 1) * 3);
    for (int i = 1; i < results.size(); i++) {
      assertThat(results.get(i).get("compileMs").doubleValue()).isPositive();
      assertThat(results.get(i).get("schemaBytes").intValue()).isLessThanOrEqualTo(65_536);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"--shape=32,2,4,2,64,999", "--batch=0", "--steps=0", "--repeats=0"})
  void refusesWrongOptions(String option) {
    assertThat(
            new CommandLine(new GrammarCommand())
                .setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8))
                .execute(option))
        .isEqualTo(2);
  }
}
