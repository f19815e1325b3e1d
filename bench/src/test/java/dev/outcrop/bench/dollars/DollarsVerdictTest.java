package dev.outcrop.bench.dollars;

import static dev.outcrop.bench.dollars.DollarsRuns.HOUR;
import static dev.outcrop.bench.dollars.DollarsRuns.MODEL;
import static dev.outcrop.bench.dollars.DollarsRuns.file;
import static dev.outcrop.bench.dollars.DollarsRuns.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outcrop.bench.dollars.DollarsRuns.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which instance is the cheapest, which are left out of that, and what pays first. */
final class DollarsVerdictTest {
  /** 20,000 tokens a second, none cached, that are cheap but cost ten times as much an hour. */
  private static final String BIG =
      """
      {"benchmark": "load", "shape": {"instance": "big.box", "sloTtftMs": 500, "sloTpotMs": 30},
       "results": [{"input_throughput": 18000, "output_throughput": 2000,
         "request_throughput": 20, "request_goodput": 20}]}
      """;

  @TempDir private Path folder;

  @Test
  void untestedInstancesCountWhereThatIsAskedFor() throws IOException {
    Run run = run("--model", MODEL, "--count-untested", "--fixed-usd-per-month", "4000");

    assertThat(run.err()).contains("Cheapest instance for ttft=2000,tpot=100 ms: ");
    JsonNode result = run.json();
    assertThat(result.get("cheapestUsdPerMillion").asDouble()).isPositive();
    String verdict = result.get("shape").get("verdict").get(1).asText();
    assertThat(verdict).as("Neuron is untested, too").contains("inf2");
    Run rounded = run("--model", MODEL, "--count-untested", "--quantization", "int4-g128");
    assertThat(rounded.json().get("shape").get("verdict").get(1).asText())
        .as("no bundle has quantised weights")
        .contains("Cheapest instance")
        .doesNotContain("inf2")
        .doesNotContain("trn1");
    if (result.has("cheapestBreakEvenUsdPerMonth")) {
      assertThat(result.get("cheapestBreakEvenUsdPerMonth").asDouble()).isGreaterThan(4_000);
    }
  }

  @Test
  void theRuleOfThumbIsComparedWithWhatPaysFirst() throws IOException {
    Run run =
        run(
            file(folder, HOUR.formatted("\"instance\": \"own.box\",")),
            file(folder, "big.json", BIG),
            "--model",
            MODEL,
            "--hourly-usd",
            "own.box=0.2",
            "--hourly-usd",
            "big.box=2");

    assertThat(run.status()).as(run.err()).isZero();
    assertThat(run.err()).contains("Cheapest instance for ttft=2000,tpot=100 ms: big.box (scaled)");
    assertThat(run.err())
        .contains("Here it pays earlier: first at $146 a month, on own.box (measured).");
    assertThat(run.json().get("firstBreakEvenUsdPerMonth").asDouble()).isEqualTo(146, within(1e-6));
    assertThat(run.json().get("cheapestBreakEvenUsdPerMonth").asDouble())
        .isEqualTo(1_460, within(1e-6));
  }

  @Test
  void whatTheRooflineMadeOfARunIsNotCalledMeasured() throws IOException {
    Path page = folder.resolve("dollars.html");
    String big = file(folder, "big.json", BIG);
    Run run =
        run(
            big,
            "--model",
            MODEL,
            "--hourly-usd",
            "big.box=2",
            "--input-share",
            "0.5",
            "--html",
            page.toString());

    assertThat(run.status()).as(run.err()).isZero();
    assertThat(run.rows("big.box")).isNotEmpty();
    assertThat(run.rows("big.box")).allMatch(row -> row.get("basis").asText().equals("measured"));
    assertThat(run.err()).contains("big.box (scaled)").doesNotContain("big.box (measured)");
    for (JsonNode row : run.json().get("results")) {
      if (row.has("inputShare")) {
        double share = row.get("inputShare").asDouble();
        assertThat(row.get("cheapestBasis").asText())
            .as("share " + share)
            .isEqualTo(share == 0.9 ? "measured" : "scaled");
      }
    }
    assertThat(Files.readString(page)).contains("big.box, scaled", "counted, measured, scaled");
    // half output takes longer than a tenth
    double scaled = run.json().get("cheapestUsdPerMillion").asDouble();
    assertThat(scaled).isGreaterThan(2 / (20_000 * 0.6 * 0.0036));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          "sloTtftMs": 2000, "sloTpotMs": 200    | ttft=2000,tpot=200
          "sloTtftMs": 2001, "sloTpotMs": 100    | ttft=2001,tpot=100
          "sloTpotMs": 100                       | ttft=any,tpot=100
          """)
  void aRunOfALooserPromiseIsLeftOutOfTheVerdict(String promise, String told) throws IOException {
    String text = HOUR.formatted("\"instance\": \"g6.xlarge\",");
    Run run =
        run(
            file(folder, text.replace("\"sloTtftMs\": 2000, \"sloTpotMs\": 100", promise)),
            "--model",
            MODEL);

    assertThat(run.status()).as(run.err()).isZero();
    assertThat(run.err())
        .contains("no run was measured by ttft=2000,tpot=100 ms")
        .doesNotContain("Cheapest instance");
    assertThat(run.rows("g6.xlarge").getFirst().get("reason").asText())
        .isEqualTo(
            "its goodput is of the promise %s ms, not of ttft=2000,tpot=100 ms".formatted(told));
  }

  @Test
  void whereNoRequestKeptThePromiseThatIsWhatIsSaid() throws IOException {
    String text =
        HOUR.formatted("\"instance\": \"g6.xlarge\",")
            .replaceAll("\"request_goodput\": [0-9.]+", "\"request_goodput\": 0");
    Run run = run(file(folder, text), "--model", MODEL);

    assertThat(run.status()).as(run.err()).isZero();
    assertThat(run.err())
        .contains("no request kept ttft=2000,tpot=100 ms: there is no verdict")
        .doesNotContain("on none of the instances");
  }
}
