package dev.outcrop.bench.batching;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** The command on the embedded model and on a small shape, with few and short requests. */
class BatchingCommandTest {
  private static final String DEMO = Path.of("..", "models", "demo", "model").toString();

  @Test
  void comparesFourWaysOnTheEmbeddedModel() throws Exception {
    JsonNode json =
        stdout(
            "--model=" + DEMO, "--requests=6", "--batch=2", "--scale=0.05", "--equal-requests=4");

    assertThat(json.get("engineRatio").asDouble()).isPositive();
    assertThat(json.get("overPaddedStatic").asDouble()).isPositive();
    assertThat(json.get("overShrinkingStaticEqual").asDouble()).isPositive();
    assertThat(json.get("results").findValuesAsText("way"))
        .containsExactly(
            "continuous",
            "shrinking static",
            "padded static",
            "one at a time",
            "continuous",
            "shrinking static",
            "padded static",
            "one at a time");
    assertThat(json.get("results").get(0).get("ttftP95Ms").asDouble()).isPositive();
    assertThat(json.get("results").get(2).get("itlP99Ms").asDouble()).isPositive();
  }

  @Test
  void takesAShapeInPlaceOfAModel() throws Exception {
    JsonNode json =
        stdout(
            "--shape=64,2,4,2,128,256",
            "--dtype=float32",
            "--requests=4",
            "--batch=2",
            "--alone=2",
            "--scale=0.05",
            "--equal-requests=2",
            "--threads=1");

    assertThat(json.get("shape").get("hidden").asInt()).isEqualTo(64);
    assertThat(json.get("results").get(3).get("requests").asInt()).isEqualTo(2);
  }

  @Test
  void refusesAShapeOfFewerNumbers() {
    PrintStream before = System.err;
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
    try {
      assertThat(new CommandLine(new BatchingCommand()).execute("--shape=64,2")).isEqualTo(2);
    } finally {
      System.setErr(before);
    }

    assertThat(err.toString(StandardCharsets.UTF_8))
        .contains("--shape")
        .contains("takes six numbers");
  }

  private static JsonNode stdout(String... arguments) throws Exception {
    PrintStream before = System.out;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    try {
      CommandLine command =
          new CommandLine(new BatchingCommand()).setCaseInsensitiveEnumValuesAllowed(true);
      assertThat(command.execute(arguments)).isZero();
    } finally {
      System.setOut(before);
    }
    return new ObjectMapper()
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
        .readTree(out.toByteArray());
  }
}
