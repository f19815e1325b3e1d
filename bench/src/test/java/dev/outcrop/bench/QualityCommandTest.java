package dev.outcrop.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Quantised weights of the demo model against its whole ones. */
final class QualityCommandTest {
  private static final String[] DEMO = {
    "--model=../models/demo/model", "--conversations=../models/demo/quality.json", "--threads=1"
  };

  private static CommandLine command() {
    return new CommandLine(new QualityCommand())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8));
  }

  private static JsonNode results(String... arguments) throws IOException {
    PrintStream before = System.out;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    try {
      String[] all = Stream.of(DEMO, arguments).flatMap(Arrays::stream).toArray(String[]::new);
      assertThat(command().execute(all)).isZero();
    } finally {
      System.setOut(before);
    }
    return new ObjectMapper().readTree(out.toString(StandardCharsets.UTF_8)).get("results");
  }

  @Test
  void findsWholeWeightsTheSameAndOthersNear() throws IOException {
    JsonNode results = results("--most=12", "--quantization=none,int8,int8-dynamic,int4-g32");

    JsonNode none = results.get(0);
    assertThat(none.get("divergence").doubleValue()).isZero();
    assertThat(none.get("agreementPercent").doubleValue()).isEqualTo(100);
    assertThat(none.get("rightPercent").doubleValue()).isGreaterThan(80);
    double[] most = {0, 0.01, 0.02, 0.3};
    for (int i = 1; i < most.length; i++) {
      assertThat(results.get(i).get("divergence").doubleValue()).isBetween(1e-9, most[i]);
      assertThat(results.get(i).get("tokens")).isEqualTo(none.get("tokens"));
      assertThat(results.get(i).get("agreementPercent").doubleValue()).isGreaterThan(90);
    }
  }

  @Test
  void refusesWhatItDoesNotKnow(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("a.json"), "[{\"prompt\": \"a\"}]");

    assertThat(command().execute("--quantization=int5")).isEqualTo(2);
    assertThat(command().execute("--most=0")).isEqualTo(2);
    assertThat(command().execute("--conversations=" + file)).isEqualTo(1);
  }
}
