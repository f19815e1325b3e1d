package dev.outcrop.bench.peers;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The command on the embedded model, beside a child that a script plays. */
class PeersCommandTest {
  private static final String DEMO = Path.of("..", "models", "demo", "model").toString();

  @TempDir private Path folder;

  private String told = "";

  @Test
  void measuresOursBesideAChildAndReportsWhoIsMissing() throws Exception {
    Path scripts = Files.createDirectories(folder.resolve("peers"));
    Files.createDirectories(scripts.resolve("transformers"));
    // The "python" of this setup is bash, and what it runs answers 100 s for everything.
    Files.writeString(
        scripts.resolve("setup.sh"),
        "case $2 in python) command -v bash ;; *) echo \"no $2 here\" >&2; exit 1 ;; esac\n");
    Files.writeString(
        scripts.resolve("transformers/transformers_peer.py"),
        """
        echo '{"settings":{"version":"scripted","threads":"'"$2"'"}}'
        while read -r line; do echo '{"millis":[100000],"token":-1}'; done
        """);

    JsonNode json =
        run(
            "--model=" + DEMO,
            "--contestants=ours,jlama,llama-q8_0,transformers",
            "--streams=1,3",
            "--context=40",
            "--prompt=20",
            "--steps=3",
            "--rounds=2",
            "--threads=1",
            "--cache=" + folder.resolve("cache"));

    assertThat(json.get("benchmark").asText()).isEqualTo("peers");
    assertThat(json.get("results").findValuesAsText("case"))
        .containsExactly(
            "decode 1", "decode 1", "decode 3", "decode 3", "prefill 20", "prefill 20");
    JsonNode ours = json.get("results").get(2);
    assertThat(ours.get("contestant").asText()).isEqualTo("ours");
    assertThat(ours.get("ms").asDouble()).isPositive();
    assertThat(ours.get("tokensPerSecond").asDouble()).isEqualTo(3_000 / ours.get("ms").asDouble());
    assertThat(ours.get("rounds").asInt()).isEqualTo(2);
    assertThat(json.get("results").get(3).get("oursOver").asDouble()).isGreaterThan(1);
    JsonNode settings = json.get("shape").get("contestants");
    JsonNode own = settings.get("ours");
    assertThat(own.get("threads").asText()).isEqualTo("1");
    assertThat(own.get("batchThreads").asText()).isEqualTo("1");
    assertThat(own.get("backend").asText())
        .startsWith("libtorch 2.7.1")
        .contains(", CPU capability ", ", oneDNN v3.", ", oneDNN may use ");
    assertThat(own.get("buildFlags").asText()).contains("-O2");
    assertThat(own.get("largePages").asText()).isIn("on", "off");
    assertThat(own.get("kernels").asText()).contains("none 512x256: ");
    assertThat(settings.get("transformers").get("version").asText()).isEqualTo("scripted");
    assertThat(json.get("shape").get("missing").get("jlama").asText())
        .isEqualTo("jlama failed: no jlama here");
    assertThat(told)
        .contains("llama-q8_0 is missing: llama failed: no llama here")
        .contains("case        contestant ")
        .contains("transformers runs with {");
  }

  @Test
  void saysWhyThereIsNoCheckpoint() throws Exception {
    Files.writeString(folder.resolve("setup.sh"), "echo 'python3 is not installed' >&2; exit 1\n");

    assertThat(execute(new ByteArrayOutputStream(), "--cache=" + folder.resolve("cache")))
        .isEqualTo(1);

    assertThat(told).contains("python failed: python3 is not installed");
  }

  @Test
  void knowsShapesByName() throws Exception {
    var converter = new Preset.Converter();

    assertThat(converter.convert("229m").numbers().intermediate()).isEqualTo(3_584);
    assertThat(converter.convert("1B").numbers().vocabulary()).isEqualTo(128_256);
    assertThat(converter.convert("64,2,4,2,128,256").numbers().layers()).isEqualTo(2);
  }

  private JsonNode run(String... options) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    assertThat(execute(bytes, options)).as(told).isZero();
    return new ObjectMapper().readTree(bytes.toByteArray());
  }

  private int execute(ByteArrayOutputStream out, String... options) {
    Path scripts = Files.exists(folder.resolve("peers")) ? folder.resolve("peers") : folder;
    PrintStream before = System.out;
    PrintStream errors = System.err;
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
    try {
      // On a thread of its own: how many threads an operator uses is set for each.
      var command = new CommandLine(new PeersCommand(scripts));
      return CompletableFuture.supplyAsync(
              () -> command.execute(options), task -> Thread.ofPlatform().start(task))
          .join();
    } finally {
      System.setOut(before);
      System.setErr(errors);
      told = err.toString(StandardCharsets.UTF_8);
    }
  }
}
