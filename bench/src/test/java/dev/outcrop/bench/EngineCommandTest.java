package dev.outcrop.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** Steps of a small shape and what they are put beside. */
final class EngineCommandTest {
  private static final int PROMPT = 16;
  private static final int STEPS = 4;

  /** Numbers of the linear layers of the shape's two layers: q and o, k and v, and the MLP. */
  private static final double LAYERS = 2 * (2 * 64 * 64 + 2 * 64 * 32 + 3 * 64 * 128);

  private static final double HEAD = 256 * 64;

  private static CommandLine command() {
    return new CommandLine(new EngineCommand()).setCaseInsensitiveEnumValuesAllowed(true);
  }

  /** On a thread of its own, since how many threads an operator uses is set for each. */
  private static JsonNode json(String... arguments) throws Exception {
    PrintStream before = System.out;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    try {
      FutureTask<Integer> run = new FutureTask<>(() -> command().execute(arguments));
      Thread.ofPlatform().start(run).join();
      assertThat(run.get()).isZero();
    } finally {
      System.setOut(before);
    }
    return new ObjectMapper().readTree(out.toString(StandardCharsets.UTF_8));
  }

  @Test
  void putsFloorAndRooflineBesideEachFigure() throws Exception {
    JsonNode json =
        json(
            "--shape=64,2,4,2,128,256",
            "--batch=1,3",
            "--prompt=" + PROMPT,
            "--steps=" + STEPS,
            "--repeats=2",
            "--threads=1");

    assertThat(json.get("shape").get("threads").intValue()).isEqualTo(1);
    assertThat(json.get("shape").get("dtype").textValue()).isEqualTo("bfloat16");
    assertThat(json.get("repeats").intValue()).isEqualTo(2);
    assertThat(json.get("results").findValuesAsText("batch")).containsExactly("1", "3");
    for (JsonNode result : json.get("results")) {
      double step = figure(result, "msPerStep");
      double floor = figure(result, "floorMsPerStep");
      double prefill = figure(result, "prefillMs");
      assertThat(figure(result, "stepOverFloor")).isEqualTo(step / floor);
      assertThat(figure(result, "tokensPerSecond"))
          .isEqualTo(result.get("batch").intValue() * 1_000 / step);

      double gigabytes = figure(result, "readGigabytesPerSecond");
      double gigaflops = figure(result, "gemmGigaflopsPerSecond");
      double before = figure(result, "readGigabytesPerSecondBefore");
      double after = figure(result, "readGigabytesPerSecondAfter");
      assertThat(gigabytes).isEqualTo((before + after) / 2);
      double roof =
          Math.max(
              figure(result, "readMegabytes") / gigabytes,
              figure(result, "gigaflop") / gigaflops * 1e3);
      assertThat(figure(result, "rooflineMs")).isCloseTo(roof, within(1e-9));
      assertThat(figure(result, "rooflineShare"))
          .isCloseTo(figure(result, "rooflineMs") / step, within(1e-9));
      assertThat(figure(result, "prefillRooflineShare"))
          .isCloseTo(figure(result, "prefillRooflineMs") / prefill, within(1e-9));

      assertThat(result.get("attentionShare").doubleValue())
          .isCloseTo(1 - figure(result, "shortMsPerStep") / step, within(1e-9));
      // The prompt's head sees one row, and its rows see each other; the rest are the same
      // products.
      double products = PROMPT * 2. * LAYERS + 2 * HEAD;
      double rate = figure(result, "prefillGemmShare") * figure(result, "linearGigaflopsPerSecond");
      assertThat(result.get("gemmRows").intValue()).isEqualTo(PROMPT);
      assertThat(rate * prefill * 1e6).isBetween(products, 1.2 * products);
    }
  }

  @Test
  void countsBytesAndOperationsFromTheShape() throws Exception {
    JsonNode results =
        json(
                "--shape=64,2,4,2,128,256",
                "--batch=1,3",
                "--prompt=" + PROMPT,
                "--steps=" + STEPS,
                "--repeats=1",
                "--threads=1")
            .get("results");

    // Each further sequence reads its KV: 2 layers of K and V, 2 heads of 16 numbers of 2 bytes
    // each, of the tokens that are there in the middle of the steps.
    double kv = 2 * 2 * 2 * 16 * 2 * (PROMPT + STEPS / 2.);
    double one = figure(results.get(0), "readMegabytes");
    assertThat(figure(results.get(1), "readMegabytes") - one).isCloseTo(2 * kv / 1e6, within(1e-9));
    // A layer's q, k, v, o and three of the MLP, and the head; a little more for norms.
    double linear = LAYERS + HEAD;
    assertThat(one * 1e6).isBetween(2 * linear + kv, 2 * linear + kv + 2_000);
    assertThat(figure(results.get(0), "gigaflop") * 1e9).isBetween(2 * linear, 2.2 * linear);
    assertThat(figure(results.get(1), "gigaflop"))
        .isCloseTo(3 * figure(results.get(0), "gigaflop"), within(1e-12));
  }

  @Test
  void holdsWeightsQuantised() throws Exception {
    JsonNode json =
        json(
            "--shape=64,2,4,2,128,256",
            "--quantization=int8",
            "--batch=1",
            "--prompt=" + PROMPT,
            "--steps=" + STEPS,
            "--repeats=1",
            "--threads=1");

    assertThat(json.get("shape").get("quantization").textValue()).isEqualTo("int8");
    assertThat(figure(json.get("results").get(0), "readMegabytes"))
        .as("of bfloat16 it would be 0.18 MB")
        .isLessThan(0.15);
  }

  @ParameterizedTest
  @CsvSource({
    "--batch=0, --batch",
    "--steps=0, --steps",
    "--prompt=131073, --prompt",
    "--quantization=int8 --dtype=float32, --quantization needs --dtype bfloat16",
    "--shape=65;2;4;2;128;256, hidden has to be a multiple"
  })
  void refusesWhatItCannotMeasure(String options, String reason) {
    StringWriter errors = new StringWriter();

    assertThat(
            command()
                .setErr(new PrintWriter(errors, true))
                .execute(options.replace(';', ',').split(" ")))
        .isEqualTo(2);
    assertThat(errors.toString()).contains(reason);
  }

  private static double figure(JsonNode result, String name) {
    assertThat(result.path(name).isNumber()).as(name).isTrue();
    double value = result.get(name).doubleValue();
    assertThat(value).as(name).isPositive().isFinite();
    return value;
  }
}
