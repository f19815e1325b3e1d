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
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Prices of a million tokens, from results of loads and without any. */
final class DollarsCommandTest {
  private static final String CONFIG =
      """
      {
        "model_type": "llama",
        "hidden_size": 4096,
        "intermediate_size": 14336,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "vocab_size": 128256,
        "max_position_embeddings": 131072,
        "tie_word_embeddings": false,
        "rms_norm_eps": 1e-05,
        "rope_theta": 500000.0,
        "torch_dtype": "bfloat16"
      }
      """;

  @TempDir private Path folder;

  /**
   * By hand: an hour of g6.xlarge costs 0.8048. At the point where most requests kept their promise
   * that was 2,000 tokens a second, three quarters of them in time: 5.4 million good tokens.
   */
  @Test
  void theDollarsOfARecordedHourAreThoseOfTheHand() throws IOException {
    Run run = run(file(folder, HOUR.formatted("\"instance\": \"g6.xlarge\",")), "--model", MODEL);

    assertThat(run.status()).as(run.err()).isZero();
    List<JsonNode> rows = run.rows("g6.xlarge");
    assertThat(rows)
        .extracting(row -> row.get("load").asText())
        .containsExactly("goodput", "30%", "60%", "100%");
    assertThat(rows).allMatch(row -> row.get("basis").asText().equals("measured"));
    JsonNode good = rows.get(0);
    assertThat(good.get("tokensPerSecond").asDouble()).isEqualTo(1_500, within(1e-6));
    assertThat(good.get("usdPerMillion").asDouble()).isEqualTo(0.8048 / 5.4, within(1e-6));
    // three kinds of tokens share the hour: 3,600 * 0.75 * (1,200 computed, 600 cached, 200 out)
    double hour =
        (3.24 * good.get("usdPerMillionInput").asDouble()
            + 1.62 * good.get("usdPerMillionCached").asDouble()
            + 0.54 * good.get("usdPerMillionOutput").asDouble());
    assertThat(hour).isEqualTo(0.8048, within(1e-5));
    assertThat(good.get("usdPerMillionOutput").asDouble())
        .isGreaterThan(good.get("usdPerMillionInput").asDouble());
    assertThat(good.get("usdPerMillionCached").asDouble())
        .isLessThan(good.get("usdPerMillionInput").asDouble());
    // full load was 3,000 tokens a second
    assertThat(rows.get(3).get("usdPerMillion").asDouble()).isEqualTo(0.8048 / 10.8, within(1e-6));
    assertThat(rows.get(1).get("usdPerMillion").asDouble()).isEqualTo(0.8048 / 3.24, within(1e-6));
    assertThat(good.get("bedrockUsdPerMillion").asDouble()).isEqualTo(0.22);
    // at 60 % of goodput an hour is 3.24 million tokens: 0.713 on Bedrock, less than 0.8048
    assertThat(good.has("breakEvenUsdPerMonth")).isFalse();
    assertThat(run.err()).contains("Bedrock $0.220; no load breaks even.");
    assertThat(run.err())
        .contains("Cheapest instance for ttft=2000,tpot=100 ms: g6.xlarge (measured)");
    assertThat(run.json().get("ruleOfThumbUsdPerMonth").asInt()).isEqualTo(30_000);
  }

  @Test
  void runsAreFoundAmongTheResultsOfAReport() throws IOException {
    String hour =
        Files.readString(Path.of(file(folder, HOUR.formatted("\"instance\": \"g6.xlarge\","))));
    String other =
        Files.readString(Path.of(file(folder, HOUR.formatted("\"instance\": \"g5.xlarge\","))));

    String engine = hour.replace("\"load\"", "\"engine\"");
    Run run =
        run(
            file(folder, "report.json", "[%s,%s,%s]".formatted(hour, engine, other)),
            "--model",
            MODEL);

    assertThat(run.status()).as(run.err()).isZero();
    assertThat(run.rows("g6.xlarge").get(0).get("run").asText()).isEqualTo("report.json[0]");
    assertThat(run.rows("g5.xlarge").get(0).get("run").asText()).isEqualTo("report.json[2]");
    assertThat(run.rows("g5.xlarge").get(0).get("basis").asText()).isEqualTo("measured");

    Run none =
        run(file(folder, "none.json", "[%s,%s]".formatted(engine, engine)), "--model", MODEL);
    assertThat(none.status()).isEqualTo(1);
    assertThat(none.err()).contains("none.json: holds no result of bench load");
  }

  @Test
  void withoutARunEverythingIsComputedAndSaysSo() throws IOException {
    Run run = run("--model", "us.meta.llama3-1-70b-instruct-v1:0");

    assertThat(run.status()).as(run.err()).isZero();
    assertThat(run.err())
        .contains("Computed rows assume 40% of bandwidth")
        .contains("Outcrop serves this model on none of the instances")
        .contains("Left out of the verdict: ")
        .contains("$30,000 a month");
    for (JsonNode row : run.json().get("results")) {
      if (row.has("instance")) {
        assertThat(row.get("basis").asText()).isEqualTo("computed");
        assertThat(row.get("standing").asText()).isNotEqualTo("served");
      }
    }
    JsonNode small = run.rows("g6.xlarge").get(0);
    assertThat(small.get("standing").asText()).isEqualTo("too-large");
    assertThat(small.has("usdPerMillion")).isFalse();
    assertThat(run.json().get("shape").get("bedrockModes").get("batch").asText())
        .isEqualTo("0.5 of on demand, not verified");
  }

  @Test
  void aMachineOfOnesOwnHasThePriceThatIsGiven() throws IOException {
    Run run =
        run(
            file(folder, HOUR.formatted("\"instance\": \"own.box\",")),
            "--model",
            MODEL,
            "--hourly-usd",
            "own.box=0.2",
            "--fixed-usd-per-month",
            "300");

    JsonNode good = run.rows("own.box").get(0);
    assertThat(good.get("usdPerMillion").asDouble()).isEqualTo(0.2 / 5.4, within(1e-6));
    // 900 tokens a second save 2.365e9 * 0.22e-6 - 146 = 374 a month, more than 300
    assertThat(good.get("breakEvenUsdPerMonth").asDouble()).isEqualTo(446, within(1e-6));
    // a second instance costs 146 more: 592 / 0.22e-6
    assertThat(good.get("breakEvenSettledTokensPerMonth").asDouble())
        .isEqualTo(2_690_909_091.0, within(1.0));
    assertThat(run.err())
        .contains("first pays at 2,027 million tokens or $446 a month, on 1 of them")
        .contains("and for good above 2,691 million");
  }

  @Test
  void whereBedrocksPriceIsNotKnownNothingIsNever() throws IOException {
    Path model = Files.createDirectory(folder.resolve("private"));
    Files.writeString(model.resolve("config.json"), CONFIG);
    Path page = folder.resolve("dollars.html");
    Run run = run("--model", model.toString(), "--count-untested", "--html", page.toString());

    assertThat(run.status()).as(run.err()).isZero();
    assertThat(run.err()).contains("No price of Bedrock is known");
    assertThat(Files.readString(page)).contains("<td>-</td>").doesNotContain("never");
  }

  @Test
  void aPriceThatNobodySourcedIsNoPrice() throws IOException {
    Run run = run("--model", MODEL, "--purchase", "spot");

    assertThat(run.rows("p5.4xlarge").get(0).has("usdPerHour")).isFalse();
    assertThat(run.rows("p5en.48xlarge").get(0).get("usdPerHour").asDouble()).isEqualTo(27.2);
  }

  @Test
  void moreOutputIsDearerHereThanOnBedrock() throws IOException {
    Run run = run("--model", MODEL, "--count-untested");

    List<JsonNode> mixes = new ArrayList<>();
    for (JsonNode row : run.json().get("results")) {
      if (row.has("inputShare")) {
        mixes.add(row);
      }
    }
    assertThat(mixes).hasSize(Answer.MIXES.size());
    assertThat(mixes.getFirst().get("usdPerMillion").asDouble())
        .isGreaterThan(mixes.getLast().get("usdPerMillion").asDouble());
    assertThat(mixes).allMatch(mix -> mix.get("bedrockUsdPerMillion").asDouble() == 0.22);
  }

  @Test
  void thePageHoldsEverythingAndAsksNobody() throws IOException {
    Path page = folder.resolve("dollars.html");
    Run run =
        run(
            file(folder, HOUR.formatted("\"instance\": \"g6.xlarge\",")),
            "--model",
            MODEL,
            "--html",
            page.toString());

    assertThat(run.status()).as(run.err()).isZero();
    String html = Files.readString(page);
    assertThat(html).contains("<svg", "class=\"data\"", "g6.xlarge", "measured", "computed");
    assertThat(html).doesNotContain("${", "http://", "https://", "<script", "NaN", "Infinity");
    assertThat(html.split("<svg", -1)).hasSize(4);
  }
}
