package dev.outcrop.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** A load of the demo model, timed. */
final class ReadyCommandTest {
  private static CommandLine command(StringWriter errors) {
    return new CommandLine(new ReadyCommand())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setErr(new PrintWriter(errors, true));
  }

  @Test
  void tellsTimesAndMemory() throws IOException {
    PrintStream before = System.out;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    try {
      assertThat(
              command(new StringWriter())
                  .execute("--model=../models/demo/model", "--kv-memory=8", "--quantization=int8"))
          .isZero();
    } finally {
      System.setOut(before);
    }

    JsonNode result = new ObjectMapper().readTree(out.toString(StandardCharsets.UTF_8));
    assertThat(result.get("readySeconds").doubleValue())
        .isGreaterThan(result.get("loadSeconds").doubleValue());
    assertThat(result.get("readSeconds").doubleValue()).isPositive();
    assertThat(result.get("anonymousBytes").longValue()).isGreaterThan(8 << 20);
    assertThat(result.get("checkpointBytes").longValue()).isGreaterThan(1 << 20);
    assertThat(result.get("shape").get("quantization").textValue()).isEqualTo("int8");
  }

  @ParameterizedTest
  @ValueSource(strings = {"--kv-memory=0", "--kernel-tuning= ", "--quantization=int3"})
  void refusesWhatItCannotDo(String option) {
    StringWriter errors = new StringWriter();

    assertThat(command(errors).execute(option)).isEqualTo(2);
    assertThat(errors.toString()).contains(option.substring(0, option.indexOf('=')));
  }
}
