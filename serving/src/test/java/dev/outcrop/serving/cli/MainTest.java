package dev.outcrop.serving.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.serving.config.PolicyConfig;
import dev.outcrop.serving.config.PolicyFile;
import dev.outcrop.serving.testing.Signer;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Isolated("takes over stdout and stderr")
final class MainTest {
  private record Run(int status, String out, String err) {}

  private static Run run(String... arguments) {
    PrintStream out = System.out;
    PrintStream err = System.err;
    ByteArrayOutputStream captured = new ByteArrayOutputStream();
    ByteArrayOutputStream complaints = new ByteArrayOutputStream();
    System.setOut(new PrintStream(captured, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(complaints, true, StandardCharsets.UTF_8));
    try {
      int status = Main.execute(arguments);
      return new Run(
          status,
          captured.toString(StandardCharsets.UTF_8),
          complaints.toString(StandardCharsets.UTF_8));
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
  }

  @Test
  void inspectsACheckpointAsJson() throws Exception {
    Run run = run("models", "inspect", DemoServer.FOLDER.toString());

    JsonNode info = new ObjectMapper().readTree(run.out());
    assertThat(run.status()).isZero();
    assertThat(info.get("family").asText()).isEqualTo("llama");
    assertThat(info.get("contextTokens").asInt()).isEqualTo(4_096);
    assertThat(info.get("toolFormat").asText()).isEqualTo("hermes");
    assertThat(info.get("reasoningFormat").asText()).isEqualTo("none");
    assertThat(info.get("kvBytesPer1kTokens").asLong())
        .isEqualTo(1_000 * info.get("kvBytesPerToken").asLong());
    assertThat(info.get("unsupported")).isEmpty();
  }

  @Test
  void tellsWhichKernelsWeightsUseAndHowLongItTookToChooseThem(@TempDir Path cache)
      throws Exception {
    JsonNode first = tuned(cache);
    JsonNode second = tuned(cache);

    double seconds = first.get("tuningSeconds").asDouble();
    assertThat(seconds).isPositive();
    if (seconds < 1.8) { // what a busy machine leaves no time for is not kept
      assertThat(first.findValuesAsText("source")).containsOnly("measured");
      assertThat(second.findValuesAsText("source")).containsOnly("cached");
      assertThat(second.get("tuningSeconds").asDouble()).isZero();
      assertThat(second.findValuesAsText("1")).isEqualTo(first.findValuesAsText("1"));
    }
  }

  private static JsonNode tuned(Path cache) throws Exception {
    String model = DemoServer.FOLDER.toString();
    Run run =
        run("models", "inspect", model, "--tune", "int8", "--kernel-tuning", cache.toString());
    assertThat(run.status()).isZero();
    return new ObjectMapper().readTree(run.out());
  }

  @Test
  void printsLogitsOfEveryPosition() throws Exception {
    Run run = run("models", "logits", DemoServer.FOLDER.toString(), "--ids", "1,5,9");

    JsonNode logits = new ObjectMapper().readTree(run.out()).get("logits");
    assertThat(run.status()).isZero();
    assertThat(logits).hasSize(3);
    assertThat(logits.get(0)).hasSize(1_536);
  }

  @Test
  void answersAQuestionOverHttp() {
    Run run = run("demo", "--model", DemoServer.FOLDER.toString(), "--ask", "What is 17 plus 25?");

    assertThat(run.status()).isZero();
    assertThat(run.out()).contains("42").contains("tok/s");
  }

  @Test
  void refusesADemoOfAModelThatGeneratesNoText() {
    String encoder = "../models/src/test/resources/encoders/bert-mean";

    Run run = run("demo", "--model", encoder, "--ask", "What is 17 plus 25?");

    assertThat(run.status()).isEqualTo(1);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).contains(encoder).contains("outcrop serve --model");
  }

  @Test
  void tellsWhatAFolderLacksToBeServed(@TempDir Path empty) throws Exception {
    Run run = run("models", "inspect", empty.toString());

    JsonNode info = new ObjectMapper().readTree(run.out());
    assertThat(run.status()).isEqualTo(1);
    assertThat(info.get("unsupported")).hasSize(2);
    assertThat(info.get("unsupported").get(0).get("what").asText()).isEqualTo("config.json");
    assertThat(info.get("unsupported").get(0).get("why").asText()).contains(empty.toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "models inspect %s",
        "models logits %s --ids 1",
        "models generate %s --prompt x",
        "demo --model %s",
      })
  void namesTheFolderThatIsNotThere(String line, @TempDir Path empty) {
    Path gone = empty.resolve("gone");
    Run run = run(line.formatted(gone).split(" "));

    assertThat(run.status()).isEqualTo(1);
    assertThat(run.out()).isEmpty();
    assertThat(run.err().lines()).containsExactly("outcrop: there is no model folder at " + gone);
  }

  @Test
  void refusesATokenThatIsNotInTheVocabulary() {
    Run run = run("models", "logits", DemoServer.FOLDER.toString(), "--ids", "1,99999");

    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err()).contains("99999");
  }

  @Test
  void tellsHowToUseEveryCommand() {
    for (String command : new String[] {"demo", "serve", "models", "keys", "probe"}) {
      Run run = run(command, "--help");

      assertThat(run.status()).isZero();
      assertThat(run.out()).contains("Usage: outcrop " + command);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          serve --model x --port 70000            | --port must be between 0 and 65535, was 70000
          serve --model x --port -1               | --port must be between 0 and 65535, was -1
          serve --model x --management-port 70000 | --management-port must be between 0 and 65535, was 70000
          demo --port 70000                       | --port must be between 0 and 65535, was 70000
          serve --model /                         | --model / has no name to be the model's id: give --id
          serve --config none.yaml --id a         | --id, --dtype and --quantization belong to --model
          serve --config none.yaml --quantization int8 | --id, --dtype and --quantization belong to --model
          serve --model m --quantization int5      | Invalid value for option '--quantization'
          serve --model m --dtype float32 --quantization int4-g64 | --quantization needs dtype bfloat16 or auto
          serve --config none.yaml --dtype float32 | --id, --dtype and --quantization belong to --model
          models inspect m --threads -2            | --threads must be from 0 to 4096, was -2
          models inspect m --tune int8 --threads 4097 | --threads must be from 0 to 4096, was 4097
          models inspect m --tune int3             | Invalid value for option '--tune'
          models inspect m --kernel-tuning=        | --kernel-tuning must be auto, measure, off or a folder, was empty
          models inspect m --tune int8 --dtype float32 | --quantization int8 needs dtype bfloat16 or auto, was float32
          models logits m --ids 1 --quantization int8 | --quantization int8 needs dtype bfloat16 or auto, was float32
          models generate m --prompt x --dtype float32 --quantization int8 | --quantization int8 needs dtype bfloat16 or auto, was float32
          models generate m --prompt x --temperature -1 | --temperature must be from 0 to 100, was -1.0
          models generate m --prompt x --temperature NaN | --temperature must be from 0 to 100, was NaN
          models generate m --prompt x --max-tokens 0 | --max-tokens must be 1 at least, was 0
          serve --model x --host=                 | --host must not be empty
          serve --model=                          | --model must name a folder
          serve --model x --key-file a --policy-file b | --policy-file must not be there beside key-file
          """)
  void tellsWhatIsWrongWithTheUsage(String line, String message) {
    Run run = run(line.split(" "));

    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err()).startsWith(message).contains("Usage: outcrop ");
  }

  @Test
  void makesKeysThatThePolicyFileTakes() {
    Run first = run("keys");
    Run second = run("keys");
    String key = value(first, "AWS_BEARER_TOKEN_BEDROCK=");

    assertThat(first.status()).isZero();
    assertThat(key).hasSizeGreaterThan(40).isNotEqualTo(value(second, "AWS_BEARER_TOKEN_BEDROCK="));
    assertThat(value(first, "- sha256: ")).isEqualTo(Signer.sha256(key));
    assertThat(value(first, "# or for the key file: ")).isEqualTo(Signer.sha256(key) + " TENANT");
  }

  @Test
  void makesAccessKeysThatThePolicyFileTakes() {
    Run run = run("keys", "--session");
    String lines = run.out().substring(run.out().indexOf("- id: ")).indent(6);
    PolicyConfig policy =
        PolicyFile.parse(
            "p",
            ("tenants: [{id: t}]\nprincipals:\n  - id: p\n    tenant: t\n    access-keys:\n"
                    + lines)
                .getBytes(StandardCharsets.UTF_8));

    PolicyConfig.AccessKeyConfig made = policy.principals().getFirst().accessKeys().getFirst();
    assertThat(made.id()).isEqualTo(value(run, "AWS_ACCESS_KEY_ID="));
    assertThat(made.secret().reveal()).isEqualTo(value(run, "AWS_SECRET_ACCESS_KEY="));
    assertThat(made.sessionTokenSha256())
        .isEqualTo(Signer.sha256(value(run, "AWS_SESSION_TOKEN=")));
    assertThat(run("keys", "--access-key").out()).doesNotContain("session");
  }

  private static String value(Run run, String start) {
    return run.out()
        .lines()
        .filter(line -> line.startsWith(start))
        .map(line -> line.substring(start.length()))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void startsAPodWithoutTheOptionParser(@TempDir Path folder) throws Exception {
    Path config = folder.resolve("outcrop.yaml");
    Files.writeString(
        config, "http: {port: 0}\nmanagement: {port: 0}\nmodels: [{id: demo, path: /nowhere}]\n");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-Xlog:class+load",
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                Main.class.getName(),
                "serve",
                "--config",
                config.toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isEqualTo(1);
    assertThat(output)
        .contains("outcrop: there is no model folder at /nowhere", "StartingServer")
        .doesNotContain("picocli.");
  }

  @Test
  void servesNothingOfAFileWithoutModels(@TempDir Path folder) throws Exception {
    Path config = folder.resolve("outcrop.yaml");
    Run missing = run("serve", "--config", config.toString());
    assertThat(missing.status()).isEqualTo(1);
    assertThat(missing.err()).contains("cannot read the config file " + config);

    Files.writeString(config, "http: {port: 0}\n");
    Run run = run("serve", "--config", config.toString());
    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err()).contains("there is no model to serve");
  }

  @Test
  void servesNothingWithoutAModel() {
    Run run = run("serve");

    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err()).contains("--model");
  }
}
