package dev.outcrop.bench.dollars;

import static dev.outcrop.bench.dollars.DollarsRuns.HOUR;
import static dev.outcrop.bench.dollars.DollarsRuns.MODEL;
import static dev.outcrop.bench.dollars.DollarsRuns.file;
import static dev.outcrop.bench.dollars.DollarsRuns.run;
import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.bench.dollars.DollarsRuns.Run;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Results and options that nothing can be computed from are refused, with words that say why. */
final class DollarsRefusalsTest {
  @TempDir private Path folder;

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
    String file = file(folder, text);
    Run run = run(file, "--model", MODEL);

    assertThat(run.status()).isEqualTo(1);
    assertThat(run.err()).contains(file).contains(message);
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
    Run run = run(file(folder, text), "--model", "meta.llama3-1-70b-instruct");

    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err()).contains(message);
  }

  @Test
  void aPrivateIdIsTold() throws IOException {
    String text =
        HOUR.formatted("\"instance\": \"g6.xlarge\",")
            .replace("meta.llama3-1-8b-instruct-v1:0", "acme.chat");

    assertThat(run(file(folder, text), "--model", MODEL).status()).isEqualTo(2);
    assertThat(run(file(folder, text), "--model", MODEL, "--served-model", "acme.chat").status())
        .isZero();
  }

  @Test
  void aRunThatDoesNotSayWhereItRanHasToBeTold() throws IOException {
    Run run = run(file(folder, HOUR.formatted("")), "--model", MODEL);

    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err()).contains("load.json does not say what instance it ran on");
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
}
