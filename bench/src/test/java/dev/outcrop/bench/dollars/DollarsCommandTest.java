package dev.outcrop.bench.dollars;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.bench.report.LoadFigures;
import dev.outcrop.bench.report.Machine;
import dev.outcrop.models.OutcropException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

final class DollarsCommandTest {
  private static final String MODEL = "meta.llama3-1-8b-instruct";

  /** An hour: 2 requests a second of 900 tokens in, 300 of them cached, and 100 out. */
  private static final String HOUR =
      """
      {"benchmark": "load", "commit": "0123456789ab", "shape": {%s
         "model": "meta.llama3-1-8b-instruct-v1:0", "sloTtftMs": 2000, "sloTpotMs": 100},
       "results": [
         {"input_throughput": 900, "output_throughput": 100, "request_throughput": 1,
          "request_goodput": 1},
         {"input_throughput": 1800, "cached_input_throughput": 600,
          "output_throughput": 200, "request_throughput": 2, "request_goodput": 1.5},
         {"input_throughput": 2700, "output_throughput": 300, "request_throughput": 3,
          "request_goodput": 0.1},
         {"input_throughput": 9999, "output_throughput": 9999, "request_throughput": 3,
          "request_goodput": 9, "valid": "no, in repeat 1 the client lagged"}]}
      """;

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

  private record Run(int status, String out, String err) {
    JsonNode json() throws IOException {
      return new ObjectMapper().readTree(out);
    }

    List<JsonNode> rows(String type) throws IOException {
      List<JsonNode> rows = new ArrayList<>();
      for (JsonNode row : json().get("results")) {
        if (row.path("instance").asText().equals(type)) {
          rows.add(row);
        }
      }
      return rows;
    }
  }

  private static Run run(String... arguments) {
    PrintStream out = System.out;
    PrintStream err = System.err;
    ByteArrayOutputStream captured = new ByteArrayOutputStream();
    ByteArrayOutputStream told = new ByteArrayOutputStream();
    StringWriter usage = new StringWriter();
    System.setOut(new PrintStream(captured, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(told, true, StandardCharsets.UTF_8));
    try {
      int status =
          new CommandLine(new DollarsCommand())
              .setCaseInsensitiveEnumValuesAllowed(true)
              .setErr(new PrintWriter(usage, true))
              .setExecutionExceptionHandler(
                  (e, line, parsed) -> {
                    assertThat(e).isInstanceOfAny(OutcropException.class, IOException.class);
                    line.getErr().println(e.getMessage());
                    return 1;
                  })
              .execute(arguments);
      return new Run(
          status,
          captured.toString(StandardCharsets.UTF_8),
          told.toString(StandardCharsets.UTF_8) + usage);
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
  }

  private String file(String text) throws IOException {
    return file("load.json", text);
  }

  /** Writes a result, with the machine and the units that every result has. */
  private String file(String name, String text) throws IOException {
    String whole = text;
    if (text.strip().startsWith("{\"benchmark\"") && text.contains("\"results\"")) {
      ObjectNode result = (ObjectNode) new ObjectMapper().readTree(text);
      result.putPOJO("machine", Machine.here());
      result.putPOJO("units", LoadFigures.units());
      whole = result.toString();
    }
    return Files.writeString(folder.resolve(name), whole).toString();
  }

  /**
   * By hand: an hour of g6.xlarge costs 0.8048. At the point where most requests kept their promise
   * that was 2,000 tokens a second, three quarters of them in time: 5.4 million good tokens.
   */
  @Test
  void theDollarsOfARecordedHourAreThoseOfTheHand() throws IOException {
    Run run = run(file(HOUR.formatted("\"instance\": \"g6.xlarge\",")), "--model", MODEL);

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
    String hour = Files.readString(Path.of(file(HOUR.formatted("\"instance\": \"g6.xlarge\","))));
    String other = Files.readString(Path.of(file(HOUR.formatted("\"instance\": \"g5.xlarge\","))));

    String engine = hour.replace("\"load\"", "\"engine\"");
    Run run =
        run(file("report.json", "[%s,%s,%s]".formatted(hour, engine, other)), "--model", MODEL);

    assertThat(run.status()).as(run.err()).isZero();
    assertThat(run.rows("g6.xlarge").get(0).get("run").asText()).isEqualTo("report.json[0]");
    assertThat(run.rows("g5.xlarge").get(0).get("run").asText()).isEqualTo("report.json[2]");
    assertThat(run.rows("g5.xlarge").get(0).get("basis").asText()).isEqualTo("measured");

    Run none = run(file("none.json", "[%s,%s]".formatted(engine, engine)), "--model", MODEL);
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
  void aMachineOfOnesOwnHasThePriceThatIsGiven() throws IOException {
    Run run =
        run(
            file(HOUR.formatted("\"instance\": \"own.box\",")),
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

  /** 20,000 tokens a second, none cached, that are cheap but cost ten times as much an hour. */
  private static final String BIG =
      """
      {"benchmark": "load", "shape": {"instance": "big.box", "sloTtftMs": 500, "sloTpotMs": 30},
       "results": [{"input_throughput": 18000, "output_throughput": 2000,
         "request_throughput": 20, "request_goodput": 20}]}
      """;

  @Test
  void theRuleOfThumbIsComparedWithWhatPaysFirst() throws IOException {
    Run run =
        run(
            file(HOUR.formatted("\"instance\": \"own.box\",")),
            file("big.json", BIG),
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
    String big = file("big.json", BIG);
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
            file(text.replace("\"sloTtftMs\": 2000, \"sloTpotMs\": 100", promise)),
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
    Run run = run(file(text), "--model", MODEL);

    assertThat(run.status()).as(run.err()).isZero();
    assertThat(run.err())
        .contains("no request kept ttft=2000,tpot=100 ms: there is no verdict")
        .doesNotContain("on none of the instances");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          "model": "other.model"                                   | load.json asked for the model other.model, not meta.llama3-1-70b-instruct: --served-model other.model if that is it
          "model": "meta.llama3-1-8b-instruct"                     | load.json asked for the model meta.llama3-1-8b-instruct
          "model": "us.meta.llama3-1-70b-instruct-v1:0"            | load.json cannot be of g6.xlarge: weights of 141.1 GB and KV do not fit
          "devices": 4                                             | load.json is of 4 device(s) and g6.xlarge has 1
          """)
  void aRunThatCannotBeOfTheModelAndTheInstanceIsRefused(String shape, String message)
      throws IOException {
    String text =
        HOUR.formatted("\"instance\": \"g6.xlarge\",")
            .replace("\"model\": \"meta.llama3-1-8b-instruct-v1:0\"", shape);
    Run run = run(file(text), "--model", "meta.llama3-1-70b-instruct");

    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err()).contains(message);
  }

  @Test
  void aPrivateIdIsTold() throws IOException {
    String text =
        HOUR.formatted("\"instance\": \"g6.xlarge\",")
            .replace("meta.llama3-1-8b-instruct-v1:0", "acme.chat");

    assertThat(run(file(text), "--model", MODEL).status()).isEqualTo(2);
    assertThat(run(file(text), "--model", MODEL, "--served-model", "acme.chat").status()).isZero();
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
            file(HOUR.formatted("\"instance\": \"g6.xlarge\",")),
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

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"benchmark": "engine", "results": []}                   | benchmark is 'engine', must be 'load'
          {"benchmark": "load", "results": []}                     | results holds no valid point
          {"benchmark": "load", "results": [{"input_throughput": 1}]} | results[0].output_throughput is missing
          {"benchmark": "load", "results": [{"input_throughput": 1, "output_throughput": 1, "request_throughput": 1}]} | results[0].request_goodput is missing
          [                                                        | is no result of outcrop bench
          {"benchmark": "load"}                                    | is no result of outcrop bench
          []                                                       | holds no result
          """)
  void aResultThatCannotBeReadIsNamed(String text, String message) throws IOException {
    String file = file(text);
    Run run = run(file, "--model", MODEL);

    assertThat(run.status()).isEqualTo(1);
    assertThat(run.err()).contains(file).contains(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --utilisation 0.3,0     | --utilisation must be from 0.01 to 1, was 0
          --share 2               | --share must be from 0.01 to 1, was 2
          --input-share -1        | --input-share must be from 0 to 1, was -1
          --zones 0               | --zones must be from 1 to 1000, was 0
          --slo now               | --slo must be ttft=MILLIS,tpot=MILLIS, was now
          --bedrock-model nothing | --bedrock-model nothing is not in the price table
          --hourly-usd g6.xlarge=0 | --hourly-usd must be from
          --hourly-usd no.box=1   | --hourly-usd no.box is neither in the price table nor what
          """)
  void optionsOutOfTheirRangeAreRefused(String options, String message) {
    List<String> all = new ArrayList<>(List.of("--model", MODEL));
    all.addAll(Arrays.asList(options.split(" ")));
    Run run = run(all.toArray(String[]::new));

    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err()).contains(message);
  }

  @Test
  void aRunThatDoesNotSayWhereItRanHasToBeTold() throws IOException {
    Run run = run(file(HOUR.formatted("")), "--model", MODEL);

    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err()).contains("load.json does not say what instance it ran on");
  }
}
