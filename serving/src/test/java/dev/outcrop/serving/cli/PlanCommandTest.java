package dev.outcrop.serving.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class PlanCommandTest {
  private record Run(int status, String out, String err) {
    JsonNode json() throws Exception {
      return new ObjectMapper().readTree(out);
    }
  }

  private static Run run(String line) {
    PrintStream out = System.out;
    PrintStream err = System.err;
    ByteArrayOutputStream captured = new ByteArrayOutputStream();
    ByteArrayOutputStream complaints = new ByteArrayOutputStream();
    System.setOut(new PrintStream(captured, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(complaints, true, StandardCharsets.UTF_8));
    try {
      int status = Main.execute(line.split(" "));
      return new Run(
          status,
          captured.toString(StandardCharsets.UTF_8),
          complaints.toString(StandardCharsets.UTF_8));
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
  }

  private static JsonNode row(JsonNode plan, String type) {
    for (JsonNode row : plan.get("instances")) {
      if (row.get("instance").asText().equals(type)) {
        return row;
      }
    }
    throw new AssertionError(type);
  }

  @Test
  void countsInstancesAndDollars() throws Exception {
    Run run =
        run(
            "plan --model meta.llama3-1-8b-instruct-v1:0 --tokens-per-day 2B --input-share 0.75"
                + " --request-tokens 1200 --peak-factor 2 --utilisation 0.5 --zones 2"
                + " --fixed-usd-per-month 500");

    assertThat(run.status()).as(run.err()).isZero();
    JsonNode plan = run.json();
    assertThat(plan.get("parameters").asLong()).isEqualTo(8_030_261_248L);
    assertThat(plan.get("kvBytesPerToken").asInt()).isEqualTo(131_072);
    assertThat(plan.get("bedrockUsdPerMonth").asDouble())
        .isEqualTo(2e9 * 730 / 24 * 0.22 / 1e6, within(0.01));
    JsonNode g6e = row(plan, "g6e.xlarge");
    double peak = 2e9 / 86_400 * 2;
    long instances = (long) Math.ceil(peak / (g6e.get("tokensPerSecond").asDouble() * 0.5));
    assertThat(g6e.get("instances").asLong()).isEqualTo(Math.max(2, instances));
    assertThat(g6e.get("usdPerMonth").asDouble())
        .isEqualTo(500 + g6e.get("instances").asLong() * 1.861 * 730, within(0.01));
    assertThat(g6e.get("usdPerMonthLow").asDouble())
        .isLessThanOrEqualTo(g6e.get("usdPerMonth").asDouble());
    assertThat(g6e.get("standing").asText()).isEqualTo("untested");
    assertThat(row(plan, "inf2.xlarge").get("standing").asText()).isEqualTo("untested");
    assertThat(run.err())
        .contains("computed, not measured", "40 % of bandwidth", "$30,000 a month")
        .contains("Outcrop serves this model on none of these instances today");
  }

  @Test
  void aReplicaInEachZoneIsTheLeast() throws Exception {
    JsonNode plan =
        run("plan --model meta.llama3-1-8b-instruct --tokens-per-day 1000 --zones 3 --min-per-zone 2"
                + " --instance g6e.xlarge,g6e.12xlarge")
            .json();

    assertThat(plan.get("instances")).hasSize(2);
    assertThat(row(plan, "g6e.xlarge").get("instances").asInt()).isEqualTo(6);
    assertThat(row(plan, "g6e.12xlarge").get("instances").asInt())
        .as("4 replicas each")
        .isEqualTo(3);
  }

  @Test
  void whatDoesNotFitIsNamed() throws Exception {
    Run run = run("plan --model meta.llama3-1-70b-instruct --tokens-per-day 100M");

    JsonNode g6 = row(run.json(), "g6.xlarge");
    assertThat(g6.get("standing").asText()).isEqualTo("too-large");
    assertThat(g6.get("reason").asText()).contains("141.1 GB").contains("1 x 24 GB");
    assertThat(g6.has("usdPerMonth")).isFalse();
    assertThat(row(run.json(), "p5en.48xlarge").get("devicesPerReplica").asInt()).isEqualTo(2);
    assertThat(row(run.json(), "p5en.48xlarge").get("reason").asText()).contains("split over 2");
  }

  @Test
  void aFolderNeedsNoWeightsAndAPriceFileMakesAnInstance(@TempDir Path folder) throws Exception {
    Files.copy(DemoServer.FOLDER.resolve("config.json"), folder.resolve("config.json"));
    Path prices =
        Files.writeString(
            folder.resolve("prices.yaml"),
            """
            sources: {ours: {date: 2026-11-01, what: our own machine}}
            devices: {box: {kind: cpu, memory-gb: 16, gb-per-second: 20, tflops: 1, source: ours}}
            instances: {own.box: {device: box, devices: 1}}
            hourly: [{instance: own.box, purchase: on-demand, usd: 0.05, source: ours}]
            """);
    Run run =
        run(
            "plan --model %s --tokens-per-day 50M --prices %s --bedrock-model amazon.titan-text-lite-v1 --zones 1"
                .formatted(folder, prices));

    assertThat(run.status()).as(run.err()).isZero();
    JsonNode own = row(run.json(), "own.box");
    assertThat(own.get("standing").asText()).isEqualTo("served");
    assertThat(own.get("priceSource").asText()).isEqualTo("our own machine");
    assertThat(own.get("usdPerMonth").asDouble()).isEqualTo(36.5, within(1e-6));
    assertThat(run.err())
        .contains(
            "Cheapest that Outcrop serves today: 1 x own.box, $37 a month, less than Bedrock");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --tokens-per-day x                     | 2 | --tokens-per-day must be a number such as 250M or 1.5B, was x
          --tokens-per-day 1M --input-share 2    | 2 | --input-share must be from 0 to 1, was 2
          --tokens-per-day 1M --slo fast         | 2 | --slo must be ttft=MILLIS,tpot=MILLIS, was fast
          --tokens-per-day 1M --peak-factor 0.5  | 2 | --peak-factor must be from 1 to 1000, was 0.5
          --tokens-per-day 1M --instance x1.none | 2 | --instance x1.none is not in the price table
          --tokens-per-day 1M --bedrock-model no | 2 | --bedrock-model no is not in the price table
          """)
  void whatIsWrongIsNamed(String options, int status, String message) {
    Run run = run("plan --model meta.llama3-1-8b-instruct " + options);

    assertThat(run.err()).contains(message);
    assertThat(run.status()).isEqualTo(status);
  }

  @Test
  void aModelThatNobodyKnowsIsRefused() {
    Run run = run("plan --model nobody.knows --tokens-per-day 1M");

    assertThat(run.status()).isEqualTo(1);
    assertThat(run.err())
        .contains("nobody.knows is neither a folder nor a model whose shape comes along");
  }
}
